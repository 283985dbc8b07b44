-- Readings of CT series by the nodule model: durable jobs, what they marked slice by slice, and the nodules found.
CREATE TABLE imaging.reading (
  id            text COLLATE "C" PRIMARY KEY,            -- UUIDv7: ordered by time
  study_uid     text COLLATE "C" NOT NULL,
  series_uid    text COLLATE "C" NOT NULL,
  state         text NOT NULL CHECK (state IN ('queued', 'running', 'ready', 'signed', 'failed', 'cancelled')),
  step          text NOT NULL CHECK (step IN ('waiting', 'loading', 'lungs', 'marking', 'measuring', 'writing', 'done')),
  done          integer NOT NULL DEFAULT 0,              -- of the step, e.g. slices
  total         integer NOT NULL DEFAULT 0,
  is_cancelling boolean NOT NULL DEFAULT false,
  attempts      integer NOT NULL DEFAULT 0,
  lease_owner   text,
  lease_until   timestamptz,
  failure_code  text,
  failure       text,
  requested_by  text NOT NULL,
  model         text NOT NULL,
  model_version text NOT NULL DEFAULT '',
  patient       text,                                    -- id of the FHIR Patient when the draft was written
  summary       jsonb,                                   -- grid, lungs and counts
  seg_uid       text,                                    -- SOP Instance UID of the segmentation
  report_id     text,
  created       timestamptz NOT NULL,
  finished      timestamptz,
  signed        timestamptz,
  signed_by     text,
  version       bigint NOT NULL DEFAULT 1                -- grows with each decision and with the signature
);
CREATE INDEX reading_open ON imaging.reading (id) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX reading_one_at_a_time ON imaging.reading (series_uid) WHERE state IN ('queued', 'running', 'ready');
CREATE INDEX reading_study ON imaging.reading (study_uid, id);

CREATE TABLE imaging.reading_slice (
  reading       text COLLATE "C" NOT NULL REFERENCES imaging.reading ON DELETE CASCADE,
  slice         integer NOT NULL,
  probabilities bytea NOT NULL,                          -- deflated, one byte a pixel
  PRIMARY KEY (reading, slice)
);

CREATE TABLE imaging.reading_nodule (
  reading       text COLLATE "C" NOT NULL REFERENCES imaging.reading ON DELETE CASCADE,
  number        integer NOT NULL,                        -- from 1, as segments are
  measures      jsonb NOT NULL,
  runs          jsonb NOT NULL,                          -- its pixels by slice, as runs
  decision      text NOT NULL DEFAULT 'open' CHECK (decision IN ('open', 'accepted', 'rejected')),
  decided       timestamptz,
  decided_by    text,
  PRIMARY KEY (reading, number)
);
