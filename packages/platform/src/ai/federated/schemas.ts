// What the routes under /api/v1/federations take.
import { Type } from 'typebox'

const Share = Type.Number({ minimum: 0, exclusiveMaximum: 0.5 })
const Factor = Type.Number({ minimum: 0, exclusiveMaximum: 1 })
const Positive = Type.Number({ exclusiveMinimum: 0, maximum: 1000 })

const closed = { additionalProperties: false }
const StrategyBody = Type.Union([
  Type.Object({ kind: Type.Literal('fedavg') }, closed),
  Type.Object({ kind: Type.Literal('fedmedian') }, closed),
  Type.Object({ kind: Type.Literal('fedprox'), proximalMu: Type.Number({ minimum: 0, maximum: 1000 }) }, closed),
  Type.Object({ kind: Type.Literal('trimmed-mean'), trim: Share }, closed),
  Type.Object(
    {
      kind: Type.Literal('fedadam'),
      eta: Type.Optional(Positive),
      beta1: Type.Optional(Factor),
      beta2: Type.Optional(Factor),
      tau: Type.Optional(Positive),
    },
    closed,
  ),
])

const Name = Type.String({ pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,63}$' })
const Scalar = Type.Union([Type.Number(), Type.Boolean(), Type.String({ maxLength: 1000 })])
const Seconds = Type.Integer({ minimum: 1, maximum: 604_800 })

/** The body of `POST /api/v1/federations`; what is left out has the values of README.md. */
export const FederationBody = Type.Object(
  {
    name: Name,
    strategy: Type.Optional(StrategyBody),
    rounds: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    minSites: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    deadlineSeconds: Type.Optional(Seconds),
    waitSeconds: Type.Optional(Seconds),
    join: Type.Optional(Type.Enum(['open', 'token'])),
    metric: Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,99}$' })),
    config: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,99}$' }), Scalar, { maxProperties: 64 }),
    ),
    standardise: Type.Optional(Type.Boolean()),
    model: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' })),
  },
  closed,
)

/** The id in `/api/v1/federations/{id}`. */
export const FederationAddress = Type.Object({ id: Type.String({ format: 'uuid' }) })

/** The body of `POST /api/v1/federations/{id}/sites`. */
export const SiteBody = Type.Object({ name: Name }, closed)

/** A page of federations. */
export const FederationQuery = Type.Object({
  _count: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  before: Type.Optional(Type.String({ format: 'uuid' })),
})

/** A page of rounds. */
export const RoundQuery = Type.Object({
  _count: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  after: Type.Optional(Type.Integer({ minimum: -1, maximum: 1_000_000 })),
})

/** A page of the feed; also where a stream of it goes on. */
export const EventQuery = Type.Object({
  _count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

/** No parameters. */
export const NoQuery = Type.Object({})
