-- The model registry: versions that never change, their stage that does, and who changed it.
CREATE TABLE inference.model (
  name        text PRIMARY KEY,
  description text NOT NULL DEFAULT '',
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE inference.model_version (
  model         text NOT NULL REFERENCES inference.model (name),
  version       integer NOT NULL CHECK (version > 0),
  stage         text NOT NULL CHECK (stage IN ('none', 'staging', 'production', 'archived')),
  -- Grows with each change of the stage: the ETag.
  revision      integer NOT NULL DEFAULT 1,
  sha256        text NOT NULL,
  size_bytes    bigint NOT NULL,
  -- Key in the blobs; NULL for a graph that lies in the shipped repository.
  artefact      text,
  config        text NOT NULL DEFAULT '',
  card          text NOT NULL DEFAULT '',
  metrics       jsonb NOT NULL DEFAULT '[]',
  lineage       jsonb NOT NULL DEFAULT '{}',
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, version)
);

CREATE UNIQUE INDEX model_version_production ON inference.model_version (model) WHERE stage = 'production';
CREATE INDEX model_version_bytes ON inference.model_version (model, sha256);

CREATE TABLE inference.stage_change (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model      text NOT NULL,
  version    integer NOT NULL,
  from_stage text NOT NULL,
  to_stage   text NOT NULL,
  reason     text NOT NULL DEFAULT '',
  by_subject text NOT NULL,
  at         timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (model, version) REFERENCES inference.model_version (model, version)
);
CREATE INDEX stage_change_model ON inference.stage_change (model, id DESC);
