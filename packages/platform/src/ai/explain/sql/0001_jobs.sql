-- Explanations that take long: the request, how far it is, and one row for each sample that is done.
CREATE TABLE explain.job (
  id          uuid PRIMARY KEY,
  owner       text NOT NULL,
  request     jsonb NOT NULL,
  state       text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  done        bigint NOT NULL DEFAULT 0,
  total       bigint NOT NULL,
  attempts    integer NOT NULL DEFAULT 0,
  holder      text,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  problem     jsonb,
  created_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz
);
CREATE INDEX job_open ON explain.job (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX job_ended ON explain.job (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE explain.job_row (
  job    uuid NOT NULL REFERENCES explain.job (id) ON DELETE CASCADE,
  sample integer NOT NULL,
  result jsonb NOT NULL,
  PRIMARY KEY (job, sample)
);
