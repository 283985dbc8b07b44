-- The index of images: studies, series and instances with their DICOM JSON ready to be sent. The bytes lie in blobs.
-- In a JSON text the byte \x01 stands for the base URL and \x02 separates members; JSON itself never contains them raw.
CREATE TABLE imaging.study (
  study_uid      text COLLATE "C" PRIMARY KEY,
  patient        text,                                  -- id of the FHIR Patient, once found
  link_state     text NOT NULL DEFAULT 'waiting' CHECK (link_state IN ('waiting', 'linked', 'unassigned')),
  link_reason    text,                                  -- why nobody was found, as a code
  linked_at      timestamptz,                           -- when it was last tried
  patient_id     text NOT NULL,
  patient_name   text NOT NULL,                         -- its groups separated by '='
  birth_date     text NOT NULL,
  sex            text NOT NULL,
  study_date     text NOT NULL,
  study_time     text NOT NULL,
  accession      text NOT NULL,
  study_id       text NOT NULL,
  description    text NOT NULL,
  referring      text NOT NULL,
  modalities     text[] NOT NULL,
  series_count   integer NOT NULL,
  instance_count integer NOT NULL,
  attributes     text NOT NULL,                         -- JSON members of the study level
  change         bigint NOT NULL DEFAULT 1,             -- grows with each change
  told           bigint NOT NULL DEFAULT 0,             -- the change up to which other rooms were told
  received       timestamptz NOT NULL DEFAULT now(),
  changed        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX study_date ON imaging.study (study_date DESC, study_uid);
CREATE INDEX study_patient ON imaging.study (patient);
CREATE INDEX study_patient_id ON imaging.study (patient_id);
CREATE INDEX study_accession ON imaging.study (accession);
CREATE INDEX study_unassigned ON imaging.study (linked_at) WHERE link_state = 'unassigned';

CREATE TABLE imaging.series (
  series_uid     text COLLATE "C" PRIMARY KEY,
  study_uid      text COLLATE "C" NOT NULL,
  modality       text NOT NULL,
  number         integer,
  description    text NOT NULL,
  body_part      text NOT NULL,
  performed_date text NOT NULL,
  performed_time text NOT NULL,
  step_ids       text[] NOT NULL,                       -- ScheduledProcedureStepID of the requests
  request_ids    text[] NOT NULL,                       -- RequestedProcedureID of the requests
  instance_count integer NOT NULL,
  attributes     text NOT NULL
);
CREATE INDEX series_study ON imaging.series (study_uid, number, series_uid);

CREATE TABLE imaging.instance (
  sop_uid         text COLLATE "C" PRIMARY KEY,
  series_uid      text COLLATE "C" NOT NULL,
  study_uid       text COLLATE "C" NOT NULL,
  sop_class       text NOT NULL,
  number          integer,
  sha256          text NOT NULL,
  blob            text NOT NULL,                        -- several instances of one request lie in one blob
  blob_start      bigint NOT NULL,
  size_bytes      bigint NOT NULL,
  transfer_syntax text NOT NULL,
  frames          integer NOT NULL,                     -- 0 when it is no image
  frame_bytes     bigint,                               -- of a native frame
  pixel_start     bigint,                               -- of the pixels' value in the file; NULL when it is deflated
  pixel_bytes     bigint,                               -- NULL when the pixels are compressed
  attributes      text NOT NULL,
  metadata        text NOT NULL,                        -- DICOM JSON, whole
  received        timestamptz NOT NULL DEFAULT now()
);
-- Metadata are read whole and often: uncompressed, beside the row.
ALTER TABLE imaging.instance ALTER COLUMN metadata SET STORAGE EXTERNAL;
CREATE INDEX instance_series ON imaging.instance (series_uid, number, sop_uid);
CREATE INDEX instance_study ON imaging.instance (study_uid, series_uid, number, sop_uid);
CREATE INDEX instance_blob ON imaging.instance (blob);
