-- Who may sign in, which apps may be launched, what was granted to them, and the keys that sign their tokens.
CREATE TABLE identity.account (
  username    text PRIMARY KEY,
  name        text NOT NULL,
  roles       text[] NOT NULL,
  patient     text,
  actor       text,
  password    text NOT NULL,                  -- argon2id$… or scrypt$…
  is_demo     boolean NOT NULL DEFAULT false,
  is_enabled  boolean NOT NULL DEFAULT true,
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  changed_at  timestamptz NOT NULL DEFAULT now(),
  signed_in_at timestamptz
);

CREATE TABLE identity.client (
  id             text PRIMARY KEY,
  name           text NOT NULL,
  kind           text NOT NULL CHECK (kind IN ('public', 'confidential', 'asymmetric', 'backend')),
  redirect_uris  text[] NOT NULL,
  scopes         text[] NOT NULL,
  roles          text[] NOT NULL,             -- of a backend service: what it may at most
  jwks           jsonb,
  jwks_uri       text,
  secret_hash    text,                        -- SHA-256 of a secret of 256 random bits
  is_first_party boolean NOT NULL DEFAULT false,
  is_enabled     boolean NOT NULL DEFAULT true,
  version        integer NOT NULL DEFAULT 1,
  created_at     timestamptz NOT NULL DEFAULT now(),
  changed_at     timestamptz NOT NULL DEFAULT now()
);

-- Sessions, interactions, codes, grants and refresh tokens. Ids are kept as keyed hashes and contents are sealed, so that
-- a copy of the database holds nothing to sign in with.
CREATE TABLE identity.artifact (
  model       text NOT NULL,
  id_hash     bytea NOT NULL,
  sealed      bytea NOT NULL,
  uid_hash    bytea,
  grant_id    text,
  account     text,
  client      text,
  consumed_at timestamptz,
  expires_at  timestamptz,
  PRIMARY KEY (model, id_hash)
);
CREATE INDEX artifact_uid ON identity.artifact (uid_hash) WHERE uid_hash IS NOT NULL;
CREATE INDEX artifact_grant ON identity.artifact (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX artifact_account ON identity.artifact (account) WHERE account IS NOT NULL;
CREATE INDEX artifact_client ON identity.artifact (client) WHERE client IS NOT NULL;
CREATE INDEX artifact_expiry ON identity.artifact (expires_at);

-- The patient in context of a launch.
CREATE TABLE identity.launch (
  grant_id   text PRIMARY KEY,
  account    text NOT NULL,
  client     text NOT NULL,
  patient    text,
  scopes     text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX launch_account ON identity.launch (account);
CREATE INDEX launch_expiry ON identity.launch (expires_at);

CREATE TABLE identity.signing_key (
  kid        text PRIMARY KEY,
  algorithm  text NOT NULL,
  sealed     bytea NOT NULL,                  -- the private JWK
  created_at timestamptz NOT NULL DEFAULT now()
);
