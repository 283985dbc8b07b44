-- Tokens of issuers that are worth nothing any more although they have not expired: all of an account, a client or a grant
-- that were given up to a moment.
CREATE TABLE gateway.revocation (
  kind       text NOT NULL CHECK (kind IN ('account', 'client', 'grant')),
  id         text NOT NULL,
  up_to      timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX revocation_expiry ON gateway.revocation (expires_at);
