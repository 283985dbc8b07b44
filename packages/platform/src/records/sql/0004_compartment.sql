-- Records of several patients, by each patient but the first (`pat` serves that one). A table beside the array `pats`, because
-- PostgreSQL cannot guess how few rows an array column finds: it never kept a plan for searches of one patient.
CREATE TABLE records.compartment_index (pat text COLLATE "C" NOT NULL, rid bigint NOT NULL);
CREATE INDEX compartment_index_key ON records.compartment_index (pat, rid);
CREATE INDEX compartment_index_rid ON records.compartment_index (rid);
INSERT INTO records.compartment_index (pat, rid)
  SELECT p.pat, r.rid FROM records.resource r, unnest(r.pats) AS p(pat) WHERE NOT r.deleted AND p.pat <> r.pat;
