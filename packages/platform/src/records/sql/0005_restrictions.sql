-- What is withheld about a patient: by the patient's active Consents, and by the security labels of the Patient itself. Compiled
-- from those records in the transaction that writes them, and asked by the statement that reads: an answer is never older
-- than the last Consent that was acknowledged, in whatever process.
CREATE TABLE records.restriction (
  source     text COLLATE "C" NOT NULL,               -- Consent/<id> or Patient/<id>
  nr         integer NOT NULL,                        -- counts the conditions of a source
  pat        text COLLATE "C" NOT NULL,
  lifts      integer,                                 -- an exception: the nr of what it lifts
  hides      bigint[],                                -- labels of the Patient: for callers from whom one of them is hidden
  identities text[],                                  -- who: Practitioner/<id>, role:<role>; null here and below: whoever, whatever
  purposes   text[],
  types      text[],
  records    text[],                                  -- <type>/<id>
  labels     bigint[],
  begins     timestamptz NOT NULL DEFAULT '-infinity',
  ends       timestamptz NOT NULL DEFAULT 'infinity',
  PRIMARY KEY (source, nr)
);
CREATE INDEX restriction_patient ON records.restriction (pat) WHERE lifts IS NULL;

-- Who broke the glass for whom, why and until when.
CREATE TABLE records.break_glass (
  grant_id text COLLATE "C" PRIMARY KEY,
  subject text COLLATE "C" NOT NULL,
  pat     text COLLATE "C" NOT NULL,
  reason  text NOT NULL,
  begins  timestamptz NOT NULL DEFAULT now(),
  ends    timestamptz NOT NULL
);
CREATE INDEX break_glass_subject ON records.break_glass (subject, begins);
CREATE INDEX break_glass_patient ON records.break_glass (pat, begins);

INSERT INTO records.restriction (source, nr, pat, hides)
  SELECT 'Patient/' || r.id, 0, r.id, r.lbl FROM records.resource r
  WHERE r.type = 'Patient' AND NOT r.deleted AND r.lbl IS NOT NULL;
