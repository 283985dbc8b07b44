-- A consumer of rare topics must not read past the events of all others at each look.
DROP INDEX IF EXISTS kernel.outbox_feed;
CREATE INDEX IF NOT EXISTS outbox_feed_by_topic ON kernel.outbox (part, topic, txid, id);
