-- The transactional outbox: events beside the change they tell of, cursors of consumers, and what could not be delivered.
CREATE TABLE kernel.outbox (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  part    smallint NOT NULL,                             -- 0..63, by hash of the key
  topic   text NOT NULL,
  key     text NOT NULL,
  payload text NOT NULL,                                 -- JSON
  txid    xid8 NOT NULL DEFAULT pg_current_xact_id(),    -- final once below the xmin of a snapshot
  at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_feed ON kernel.outbox (part, txid, id);

-- Delivered: every event with txid < lo, and of the open window [lo, hi) those up to after_id.
CREATE TABLE kernel.outbox_cursor (
  consumer    text NOT NULL,
  part        smallint NOT NULL,
  lo          xid8 NOT NULL DEFAULT '0',
  hi          xid8 NOT NULL DEFAULT '0',
  after_id    bigint NOT NULL DEFAULT 0,
  holder      text,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (consumer, part)
) WITH (fillfactor = 50);

-- Processes that consume, so that a new one gets its share of the partitions.
CREATE TABLE kernel.outbox_member (
  consumer   text NOT NULL,
  holder     text NOT NULL,
  seen_until timestamptz NOT NULL,
  PRIMARY KEY (consumer, holder)
);

CREATE TABLE kernel.dead_letter (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  event_id bigint NOT NULL,
  topic    text NOT NULL,
  key      text NOT NULL,
  payload  text NOT NULL,
  attempts integer NOT NULL,
  reason   text NOT NULL,                                -- code of the error, never its text
  event_at timestamptz NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  UNIQUE (consumer, event_id)
);
