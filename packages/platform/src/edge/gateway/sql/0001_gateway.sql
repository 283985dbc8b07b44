-- What is defined at the gateway (Kong's entities as documents), who may sign in, and open sessions.
CREATE TABLE gateway.entity (
  kind text NOT NULL CHECK (kind IN ('services', 'routes', 'plugins', 'consumers', 'jwt_secrets')),
  id   uuid NOT NULL,
  seq  bigint GENERATED ALWAYS AS IDENTITY,
  body jsonb NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX entity_order ON gateway.entity (seq);
-- The rules say this before; the index makes sure of it.
CREATE UNIQUE INDEX entity_name ON gateway.entity (kind, (body ->> 'name')) WHERE kind IN ('services', 'routes') AND body ->> 'name' IS NOT NULL;
CREATE UNIQUE INDEX entity_username ON gateway.entity ((body ->> 'username')) WHERE kind = 'consumers' AND body ->> 'username' IS NOT NULL;
CREATE UNIQUE INDEX entity_key ON gateway.entity ((body ->> 'key')) WHERE kind = 'jwt_secrets';

CREATE TABLE gateway.account (
  username text PRIMARY KEY,
  name     text NOT NULL,
  roles    text[] NOT NULL,
  patient  text,
  actor    text,
  password text NOT NULL,                     -- scrypt$N$r$p$salt$hash
  is_demo  boolean NOT NULL
);

CREATE TABLE gateway.session (
  id_hash    bytea PRIMARY KEY,               -- SHA-256 of the opaque id in the cookie
  username   text NOT NULL REFERENCES gateway.account ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_expiry ON gateway.session (expires_at);
