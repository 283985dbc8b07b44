-- What the registry knows: services and their checks, keys and values, sessions that hold locks, who leads.
-- Every change takes its index from one sequence under one lock, so that indexes are committed in their order.
CREATE SEQUENCE registry.change_index START 2;

-- The newest index of each kind of thing that can be waited for; a floor holds for whatever has no row.
CREATE TABLE registry.topic (
  topic text COLLATE "C" PRIMARY KEY,
  index bigint NOT NULL,
  at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO registry.topic (topic, index) VALUES ('floor', 1), ('floor/kv', 1);

CREATE TABLE registry.service (
  id           text COLLATE "C" PRIMARY KEY,
  name         text COLLATE "C" NOT NULL,
  definition   jsonb NOT NULL,
  create_index bigint NOT NULL,
  modify_index bigint NOT NULL
);
CREATE INDEX service_name ON registry.service (name, id);

CREATE TABLE registry.health_check (
  id                  text COLLATE "C" PRIMARY KEY,
  service_id          text COLLATE "C" REFERENCES registry.service ON DELETE CASCADE,  -- null: a check of the node
  definition          jsonb NOT NULL,                                                  -- name, notes, probe
  status              text NOT NULL CHECK (status IN ('passing', 'warning', 'critical')),
  output              text NOT NULL,
  ttl_ms              double precision,
  ttl_until           timestamptz,
  deregister_after_ms double precision,
  critical_since      timestamptz,
  create_index        bigint NOT NULL,
  modify_index        bigint NOT NULL
);
CREATE INDEX health_check_service ON registry.health_check (service_id);
CREATE INDEX health_check_ttl ON registry.health_check (ttl_until) WHERE status <> 'critical';

CREATE TABLE registry.session (
  id            uuid PRIMARY KEY,
  name          text NOT NULL,
  behavior      text NOT NULL CHECK (behavior IN ('release', 'delete')),
  lock_delay_ms double precision NOT NULL,
  ttl           text NOT NULL,                          -- as sent; '' means none
  ttl_ms        double precision,
  expires_at    timestamptz,
  node_checks   text[] NOT NULL,
  service_checks text[] NOT NULL,
  create_index  bigint NOT NULL,
  modify_index  bigint NOT NULL
);
CREATE INDEX session_expiry ON registry.session (expires_at);

CREATE TABLE registry.kv (
  key          text COLLATE "C" PRIMARY KEY,
  value        bytea NOT NULL,
  flags        numeric(20, 0) NOT NULL,                 -- unsigned 64 bit
  session      uuid REFERENCES registry.session,
  lock_index   bigint NOT NULL,
  create_index bigint NOT NULL,
  modify_index bigint NOT NULL
);
CREATE INDEX kv_session ON registry.kv (session) WHERE session IS NOT NULL;

-- A deleted key keeps its index for a while, so that those who wait for it hear of the deletion.
CREATE TABLE registry.kv_tombstone (
  key   text COLLATE "C" PRIMARY KEY,
  index bigint NOT NULL,
  at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kv_tombstone_at ON registry.kv_tombstone (at);

-- Keys whose holder was lost may not be taken again before this time.
CREATE TABLE registry.lock_delay (
  key   text COLLATE "C" PRIMARY KEY,
  until timestamptz NOT NULL
);

-- The one process that runs the checks.
CREATE TABLE registry.leader (
  is_only    boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  holder     uuid NOT NULL,
  url        text NOT NULL,
  expires_at timestamptz NOT NULL
);
