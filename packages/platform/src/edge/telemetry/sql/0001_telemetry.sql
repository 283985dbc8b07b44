-- Spans for the trace page, as a ring of eight segments: the oldest is emptied at once (TRUNCATE), so that keeping a bounded number
-- costs no deletes. A row is what one process sent of one trace at a time; a request that one process answers is one row.
CREATE TABLE IF NOT EXISTS telemetry.segment (
  number     smallint PRIMARY KEY,
  spans      bigint NOT NULL DEFAULT 0,
  is_current boolean NOT NULL DEFAULT false,
  since      timestamptz NOT NULL DEFAULT now(),          -- when it became the current one
  newest     timestamptz NOT NULL DEFAULT now()           -- when it was last written to
);
INSERT INTO telemetry.segment (number, is_current) SELECT n, n = 0 FROM generate_series(0, 7) n ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS telemetry.part (
  segment     smallint NOT NULL,
  trace_id    uuid NOT NULL,
  started     timestamptz NOT NULL,
  duration_us bigint NOT NULL,
  service     text NOT NULL,                              -- of the topmost span
  name        text NOT NULL,
  failure     text,                                       -- of the topmost span, else of the first that failed
  is_root     boolean NOT NULL,                           -- the trace begins here
  spans       integer NOT NULL,
  services    text[] NOT NULL,
  body        text NOT NULL                               -- JSON: the spans, see store/span-row.ts
) PARTITION BY LIST (segment);
CREATE TABLE IF NOT EXISTS telemetry.part_0 PARTITION OF telemetry.part FOR VALUES IN (0);
CREATE TABLE IF NOT EXISTS telemetry.part_1 PARTITION OF telemetry.part FOR VALUES IN (1);
CREATE TABLE IF NOT EXISTS telemetry.part_2 PARTITION OF telemetry.part FOR VALUES IN (2);
CREATE TABLE IF NOT EXISTS telemetry.part_3 PARTITION OF telemetry.part FOR VALUES IN (3);
CREATE TABLE IF NOT EXISTS telemetry.part_4 PARTITION OF telemetry.part FOR VALUES IN (4);
CREATE TABLE IF NOT EXISTS telemetry.part_5 PARTITION OF telemetry.part FOR VALUES IN (5);
CREATE TABLE IF NOT EXISTS telemetry.part_6 PARTITION OF telemetry.part FOR VALUES IN (6);
CREATE TABLE IF NOT EXISTS telemetry.part_7 PARTITION OF telemetry.part FOR VALUES IN (7);
CREATE INDEX IF NOT EXISTS part_trace ON telemetry.part (trace_id);
CREATE INDEX IF NOT EXISTS part_started ON telemetry.part (started);
