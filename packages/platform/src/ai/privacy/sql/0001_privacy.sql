-- Encrypted computation: public contexts, encrypted vectors (bytes lie in blobs), durable jobs. No secret key has a place here.
CREATE TABLE privacy.context (
  id               uuid PRIMARY KEY,
  owner            text NOT NULL,
  label            text NOT NULL,
  min_contributors int NOT NULL CHECK (min_contributors BETWEEN 1 AND 1000),
  facts            jsonb NOT NULL,
  parameters_hash  text NOT NULL,
  blob             text NOT NULL,
  size_bytes       bigint NOT NULL,
  sha256           text NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX context_newest ON privacy.context (created_at DESC, id);

CREATE TABLE privacy.job (
  id             uuid PRIMARY KEY,
  context_id     uuid NOT NULL REFERENCES privacy.context ON DELETE CASCADE,
  owner          text NOT NULL,
  label          text NOT NULL,
  inputs         jsonb NOT NULL,
  program        jsonb NOT NULL,
  state          text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  is_cancelled   boolean NOT NULL DEFAULT false,
  done           int NOT NULL DEFAULT 0,
  total          int NOT NULL,
  attempts       int NOT NULL DEFAULT 0,
  contributors   int NOT NULL,
  approximations jsonb NOT NULL,
  error_code     text,
  error          text,
  held_by        uuid,
  held_until     timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  started_at     timestamptz,
  finished_at    timestamptz
);
CREATE INDEX job_newest ON privacy.job (context_id, created_at DESC, id);
CREATE INDEX job_open ON privacy.job (created_at, id) WHERE state IN ('queued', 'running');

CREATE TABLE privacy.vector (
  id          uuid PRIMARY KEY,
  context_id  uuid NOT NULL REFERENCES privacy.context ON DELETE CASCADE,
  owner       text NOT NULL,
  label       text NOT NULL,
  patient     text,
  job_id      uuid REFERENCES privacy.job ON DELETE CASCADE,
  output      text,
  size        int NOT NULL,
  primes_left int NOT NULL,
  scale       double precision NOT NULL,
  blob        text NOT NULL,
  size_bytes  bigint NOT NULL,
  sha256      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CHECK ((job_id IS NULL) = (output IS NULL))
);
CREATE INDEX vector_newest ON privacy.vector (context_id, created_at DESC, id);
CREATE INDEX vector_of_job ON privacy.vector (job_id) WHERE job_id IS NOT NULL;

-- Which vectors went into which job: a vector of a cohort enters one total only.
CREATE TABLE privacy.job_input (
  job_id    uuid NOT NULL REFERENCES privacy.job ON DELETE CASCADE,
  vector_id uuid NOT NULL,
  PRIMARY KEY (job_id, vector_id)
);
CREATE INDEX job_input_vector ON privacy.job_input (vector_id);

-- Bytes that no row names yet, or any more; a sweep removes them, whatever was interrupted.
CREATE TABLE privacy.loose_blob (
  blob  text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);
