-- The audit trail: events as written, the seals that chain them, and the checkpoints signed over the seals.
CREATE TABLE audit.event (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  txid     xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- final once below the xmin of a snapshot
  recorded timestamptz NOT NULL,
  salt     uuid DEFAULT gen_random_uuid(),              -- NULL once erased, like the payload
  keys     bigint[] NOT NULL,                           -- hashes that a search looks for; derived from the payload
  payload  text                                         -- JSON as hashed, byte for byte
) WITH (parallel_workers = 0);                          -- every query reads a short stretch; workers would cost more
CREATE INDEX event_order ON audit.event (txid, id);
-- Keys are entered in batches of half a megabyte: half the cost of entering each, and no flush waits long for a batch.
CREATE INDEX event_keys ON audit.event USING gin (keys) WITH (gin_pending_list_limit = 512);
CREATE INDEX event_recorded ON audit.event (recorded, id);

-- One row for each sealed event; `seq` is its place in the chain and its leaf in the Merkle tree.
CREATE TABLE audit.seal (
  seq        bigint PRIMARY KEY,
  event_id   bigint NOT NULL UNIQUE,
  commitment bytea NOT NULL,                            -- SHA-256(salt || payload); stays when these are erased
  chain      bytea NOT NULL,                            -- SHA-256(chain before || seq || event id || recorded || commitment)
  nodes      bytea NOT NULL                             -- tree nodes that became complete with this leaf, from level 0 up
);

CREATE TABLE audit.checkpoint (
  number bigint PRIMARY KEY,
  line   text NOT NULL                                  -- as appended to the file outside the database
);

-- How far sealing came, and who seals; one row.
CREATE TABLE audit.state (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  trail       uuid NOT NULL DEFAULT gen_random_uuid(),  -- names this trail in its checkpoints
  size        bigint NOT NULL DEFAULT 0,
  chain       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  frontier    bytea NOT NULL DEFAULT '',
  after_txid  xid8 NOT NULL DEFAULT '0',                -- every event up to (after_txid, after_id) is sealed
  after_id    bigint NOT NULL DEFAULT 0,
  cluster     text,                                     -- the PostgreSQL cluster whose transaction ids are meant
  holder      text,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  verified    text                                      -- JSON: the last verification through the service
) WITH (fillfactor = 50);
INSERT INTO audit.state DEFAULT VALUES;
