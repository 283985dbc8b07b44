-- Interviews: one row each, changed under its version so that two answers at once cannot overwrite each other.
CREATE TABLE triage.interview (
  id                uuid PRIMARY KEY,
  owner             text NOT NULL,
  patient           text,
  knowledge_version integer NOT NULL REFERENCES triage.knowledge_version,
  revision          integer NOT NULL DEFAULT 1,
  status            text NOT NULL CHECK (status IN ('open', 'finishing', 'finished', 'abandoned')),
  state             jsonb NOT NULL,
  outcome           jsonb,
  created_at        timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL
);
CREATE INDEX interview_by_patient ON triage.interview (patient, created_at DESC);
CREATE INDEX interview_by_time ON triage.interview (created_at DESC, id);
