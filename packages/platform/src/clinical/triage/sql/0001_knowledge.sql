-- The knowledge of triage and medicines: every table holds whole versions side by side; one of them is active.
CREATE TABLE triage.knowledge_version (
  version    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  checksum   text NOT NULL UNIQUE,
  label      text NOT NULL,
  -- seed: compiled from data/; edit: changed here by a person
  origin     text NOT NULL CHECK (origin IN ('seed', 'edit')),
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE triage.active_knowledge (
  only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version      integer NOT NULL REFERENCES triage.knowledge_version,
  activated_by text NOT NULL,
  activated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE triage.source (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, title text NOT NULL, url text,
  licence text, opened text, PRIMARY KEY (version, id)
);
CREATE TABLE triage.department (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, en text NOT NULL, zh text NOT NULL,
  PRIMARY KEY (version, id)
);
CREATE TABLE triage.referral (
  version integer NOT NULL REFERENCES triage.knowledge_version, position integer NOT NULL, icd10_from text NOT NULL,
  icd10_to text NOT NULL, min_age real, max_age real, sex text, pregnant text, department text NOT NULL,
  PRIMARY KEY (version, position), FOREIGN KEY (version, department) REFERENCES triage.department
);
CREATE TABLE triage.condition (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, ddxplus text, en text NOT NULL,
  zh text NOT NULL, icd10 text NOT NULL, severity integer NOT NULL CHECK (severity BETWEEN 1 AND 5),
  weight double precision NOT NULL CHECK (weight > 0), age_0 double precision NOT NULL CHECK (age_0 > 0),
  age_5 double precision NOT NULL CHECK (age_5 > 0), age_18 double precision NOT NULL CHECK (age_18 > 0),
  age_40 double precision NOT NULL CHECK (age_40 > 0), age_65 double precision NOT NULL CHECK (age_65 > 0),
  female double precision NOT NULL CHECK (female > 0), male double precision NOT NULL CHECK (male > 0),
  PRIMARY KEY (version, id)
);
CREATE TABLE triage.finding (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('symptom', 'risk', 'danger')), en text NOT NULL, zh text NOT NULL,
  question_en text NOT NULL, question_zh text NOT NULL, synonyms text, hpo text, ddxplus text,
  leak double precision NOT NULL CHECK (leak > 0 AND leak < 1), sex text, min_age real, max_age real,
  PRIMARY KEY (version, id)
);
CREATE TABLE triage.presents_in (
  version integer NOT NULL REFERENCES triage.knowledge_version, finding text NOT NULL, condition text NOT NULL,
  p double precision NOT NULL CHECK (p > 0 AND p < 1), source text NOT NULL,
  PRIMARY KEY (version, finding, condition), FOREIGN KEY (version, finding) REFERENCES triage.finding,
  FOREIGN KEY (version, condition) REFERENCES triage.condition, FOREIGN KEY (version, source) REFERENCES triage.source
);
CREATE TABLE triage.red_flag (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, level text NOT NULL, all_of text NOT NULL,
  any_of text, min_age real, max_age real, sex text, pregnant text, ask_when text, en text NOT NULL, zh text NOT NULL,
  source text, PRIMARY KEY (version, id), FOREIGN KEY (version, source) REFERENCES triage.source
);
CREATE TABLE triage.danger_vital (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, vital text NOT NULL, min_age real,
  max_age real, above real, below real, level text NOT NULL, source text,
  PRIMARY KEY (version, id), FOREIGN KEY (version, source) REFERENCES triage.source
);
-- The article's graph: names without probabilities.
CREATE TABLE triage.named_edge (
  version integer NOT NULL REFERENCES triage.knowledge_version, symptom text NOT NULL, symptom_type text,
  disease text NOT NULL, PRIMARY KEY (version, disease, symptom)
);
-- Medicines, shared with the pharmacy.
CREATE TABLE triage.drug (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, name text NOT NULL, names text,
  rxnorm text, atc text, PRIMARY KEY (version, id)
);
CREATE TABLE triage.drug_class (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, name text NOT NULL, drugs text,
  PRIMARY KEY (version, id)
);
CREATE TABLE triage.interaction (
  version integer NOT NULL REFERENCES triage.knowledge_version, position integer NOT NULL, left_side text NOT NULL,
  right_side text NOT NULL, severity text NOT NULL, description text, advice text, source text NOT NULL,
  PRIMARY KEY (version, position), FOREIGN KEY (version, source) REFERENCES triage.source
);
CREATE TABLE triage.allergy_group (
  version integer NOT NULL REFERENCES triage.knowledge_version, id text NOT NULL, en text NOT NULL, zh text NOT NULL,
  names text NOT NULL, atc text NOT NULL, PRIMARY KEY (version, id)
);
