-- Federations: who takes part, every round with what each site returned, what the model is worth, and what happened when.
CREATE TABLE federated.federation (
  id              uuid PRIMARY KEY,
  name            text NOT NULL,
  plan            jsonb NOT NULL,                       -- strategy, rounds, sites wanted, deadlines, what is sent to sites
  state           text NOT NULL CHECK (state IN ('created', 'running', 'finished', 'cancelled', 'failed')),
  reason          text,                                 -- why it failed
  standardisation jsonb,                                -- mean and deviation by feature, pooled over the sites
  best_round      integer,
  best_value      double precision,
  registered      text,                                 -- model and version in the registry
  created_by      text NOT NULL,
  created_at      timestamptz NOT NULL,
  started_at      timestamptz,
  ended_at        timestamptz,
  holder          text,                                 -- the process that runs it
  lease_until     timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX federation_newest ON federated.federation (created_at DESC, id);
CREATE INDEX federation_running ON federated.federation (lease_until) WHERE state = 'running';

CREATE TABLE federated.site (
  federation      uuid NOT NULL REFERENCES federated.federation ON DELETE CASCADE,
  name            text NOT NULL,
  token_hash      bytea UNIQUE,                         -- SHA-256; NULL for sites that joined without one
  is_recognisable boolean NOT NULL,                     -- false: named by us, another one after a reconnect
  is_connected    boolean NOT NULL DEFAULT false,
  bytes_sent      bigint NOT NULL DEFAULT 0,            -- from the server to the site
  bytes_received  bigint NOT NULL DEFAULT 0,            -- from the site: all that left the hospital
  joined_at       timestamptz,
  left_at         timestamptz,
  PRIMARY KEY (federation, name)
);

-- Round 0 holds the weights that training started from.
CREATE TABLE federated.round (
  federation  uuid NOT NULL REFERENCES federated.federation ON DELETE CASCADE,
  number      integer NOT NULL CHECK (number >= 0),
  state       text NOT NULL CHECK (state IN ('fit', 'aggregated', 'done')),
  opened_at   timestamptz NOT NULL,
  deadline_at timestamptz,
  closed_at   timestamptz,
  asked       integer NOT NULL DEFAULT 0,
  returned    integer NOT NULL DEFAULT 0,
  weights_key text,                                     -- in the blobs; NULL once it was neither newest nor best
  moments_key text,
  loss        double precision,
  metrics     jsonb,
  PRIMARY KEY (federation, number)
);

CREATE TABLE federated.site_update (
  federation     uuid NOT NULL,
  round          integer NOT NULL,
  site           text NOT NULL,
  outcome        text NOT NULL CHECK (outcome IN ('returned', 'dropped')),
  reason         text,                                  -- why it was dropped
  examples       bigint,
  metrics        jsonb,
  weights_key    text,                                  -- in the blobs, until the round is aggregated
  seconds        double precision,
  bytes_sent     bigint NOT NULL DEFAULT 0,
  bytes_received bigint NOT NULL DEFAULT 0,
  at             timestamptz NOT NULL,
  PRIMARY KEY (federation, round, site),
  FOREIGN KEY (federation, round) REFERENCES federated.round ON DELETE CASCADE
);

CREATE TABLE federated.evaluation (
  federation uuid NOT NULL,
  round      integer NOT NULL,
  site       text NOT NULL,
  examples   bigint NOT NULL,
  loss       double precision NOT NULL,
  metrics    jsonb NOT NULL,
  at         timestamptz NOT NULL,
  PRIMARY KEY (federation, round, site),
  FOREIGN KEY (federation, round) REFERENCES federated.round ON DELETE CASCADE
);

-- The feed that people watch; numbered, so that a reader goes on where it was.
CREATE TABLE federated.event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  federation uuid NOT NULL REFERENCES federated.federation ON DELETE CASCADE,
  at         timestamptz NOT NULL,
  kind       text NOT NULL,
  round      integer,
  site       text,
  detail     jsonb NOT NULL
);
CREATE INDEX event_feed ON federated.event (federation, id);
