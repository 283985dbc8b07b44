-- The record store: append-only versions (content verbatim), a slim head per resource, and the search index.
-- A version has one rid for life and index rows point at it, so rows left by an older version can never match.
CREATE SEQUENCE records.rid_block; -- each process takes blocks of 1000 rids: block n covers n*1000 … n*1000+999

CREATE TABLE records.version (
  rid     bigint PRIMARY KEY,
  type    text NOT NULL,
  id      text NOT NULL,
  ver     integer NOT NULL,
  at      timestamptz NOT NULL,
  method  text NOT NULL,                                   -- POST PUT PATCH DELETE
  txid    xid8 NOT NULL DEFAULT pg_current_xact_id(),      -- cursor of feeds, read below the snapshot's xmin
  pat     text COLLATE "C",                                -- first Patient compartment, exact
  pats    text[] COLLATE "C",                              -- all Patient compartments when there are several
  lbl     bigint[],                                        -- security labels when there are any
  content text                                             -- null for a deletion
);
CREATE UNIQUE INDEX version_of ON records.version (type, id, ver);
CREATE INDEX version_feed ON records.version (txid, rid);
CREATE INDEX version_type_at ON records.version (type, at DESC, rid DESC);
CREATE INDEX version_at ON records.version (at DESC, rid DESC);

CREATE TABLE records.resource (
  type    text NOT NULL,
  id      text NOT NULL,
  rid     bigint NOT NULL,                                 -- the current version
  ver     integer NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  at      timestamptz NOT NULL,                            -- meta.lastUpdated
  dt      timestamptz NOT NULL DEFAULT '-infinity',        -- clinical date, -infinity when there is none
  pat     text COLLATE "C",
  pats    text[] COLLATE "C",
  lbl     bigint[],
  tok     bigint[] NOT NULL DEFAULT '{}',                  -- every true hash; a filter for patient-scoped scans, not indexed
  PRIMARY KEY (type, id)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX resource_rid ON records.resource (rid);
CREATE INDEX resource_patient ON records.resource (pat, type, dt DESC, rid DESC) WHERE NOT deleted;
CREATE INDEX resource_updated ON records.resource (type, at DESC, rid DESC) WHERE NOT deleted;
CREATE INDEX resource_pats ON records.resource USING gin (pats) WHERE pats IS NOT NULL AND NOT deleted;

CREATE TABLE records.token_index (h bigint NOT NULL, dt timestamptz NOT NULL, rid bigint NOT NULL);
CREATE INDEX token_index_key ON records.token_index (h, dt DESC, rid DESC);
ALTER TABLE records.token_index ALTER COLUMN h SET STATISTICS 1000; -- common codes must be known to the planner

CREATE TABLE records.string_index (p bigint NOT NULL, v text COLLATE "C" NOT NULL, raw text COLLATE "C" NOT NULL, rid bigint NOT NULL);
CREATE INDEX string_index_key ON records.string_index (p, v, rid);
CREATE INDEX string_index_rid ON records.string_index (rid, p);
CREATE INDEX string_index_contains ON records.string_index USING gin (v gin_trgm_ops);

CREATE TABLE records.date_index (p bigint NOT NULL, lo timestamptz NOT NULL, hi timestamptz NOT NULL, rid bigint NOT NULL);
CREATE INDEX date_index_key ON records.date_index (p, lo, hi, rid);
CREATE INDEX date_index_rid ON records.date_index (rid, p); -- appended in order, so cheap to write; serves filters and sorts after another driver

CREATE TABLE records.number_index (p bigint NOT NULL, lo double precision NOT NULL, hi double precision NOT NULL, rid bigint NOT NULL);
CREATE INDEX number_index_key ON records.number_index (p, lo, hi, rid);
CREATE INDEX number_index_rid ON records.number_index (rid, p);

CREATE TABLE records.reference_index (p bigint NOT NULL, type text NOT NULL, id text COLLATE "C" NOT NULL, rid bigint NOT NULL);
CREATE INDEX reference_index_key ON records.reference_index (p, id, type, rid);
CREATE INDEX reference_index_rid ON records.reference_index (rid, p);
