-- Where the change that an event tells of stands in its trace (W3C traceparent), so that what follows from it is seen below it.
ALTER TABLE kernel.outbox ADD COLUMN IF NOT EXISTS trace text;
