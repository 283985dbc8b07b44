-- Experiments with their reports, and what the gateway measured, minute by minute.
CREATE TABLE IF NOT EXISTS chaos.experiment (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  kind       text NOT NULL,
  title      text NOT NULL,
  state      text NOT NULL CHECK (state IN ('running', 'held', 'broken', 'aborted', 'failed')),
  reason     text,
  started_by text NOT NULL,
  place      text NOT NULL CHECK (place IN ('stage', 'system')),  -- a system of its own, or this one
  started_at timestamptz NOT NULL,
  ended_at   timestamptz,
  report     jsonb
);
CREATE INDEX IF NOT EXISTS experiment_started ON chaos.experiment (started_at DESC, id DESC);

CREATE TABLE IF NOT EXISTS chaos.traffic (
  minute   timestamptz NOT NULL,
  service  text NOT NULL,
  requests bigint NOT NULL,
  failed   bigint NOT NULL,                                       -- answered with 5xx
  bounds   double precision[] NOT NULL,                           -- seconds, upper bounds; the last bucket has none
  buckets  bigint[] NOT NULL,
  PRIMARY KEY (minute, service)
);
