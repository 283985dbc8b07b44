// What the routes of the model registry take.
import { Type } from 'typebox'

const name = '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$'
const Label = Type.String({ minLength: 1, maxLength: 200 })

/** One measured figure. */
export const MetricBody = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9 _./@-]{0,63}$' }),
    value: Type.Number(),
    low: Type.Optional(Type.Number()),
    high: Type.Optional(Type.Number()),
    confidence: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
    cases: Type.Optional(Type.Integer({ minimum: 0 })),
    dataset: Type.Optional(Label),
  },
  { additionalProperties: false },
)

/** Where a version comes from. */
export const LineageBody = Type.Object(
  {
    dataset: Type.Optional(Label),
    parentVersion: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
    trainingRun: Type.Optional(Label),
  },
  { additionalProperties: false },
)

/** The part `version` of a registration. */
export const RegistrationBody = Type.Object(
  {
    description: Type.Optional(Type.String({ maxLength: 500 })),
    config: Type.Optional(Type.String({ maxLength: 65_536 })),
    card: Type.Optional(Type.String({ maxLength: 65_536 })),
    metrics: Type.Optional(Type.Array(MetricBody, { maxItems: 64 })),
    lineage: Type.Optional(LineageBody),
  },
  { additionalProperties: false },
)

/** The body of a change of stage. */
export const StageBody = Type.Object({
  stage: Type.Enum(['none', 'staging', 'production', 'archived']),
  reason: Type.Optional(Type.String({ maxLength: 500 })),
})

/** `/api/v1/models/{name}`. */
export const ModelAddress = Type.Object({ name: Type.String({ pattern: name }) })

/** `/api/v1/models/{name}/versions/{version}`. */
export const VersionAddress = Type.Object({
  name: Type.String({ pattern: name }),
  version: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
})

const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }))

/** The query of the list of models. */
export const ModelsQuery = Type.Object({ limit: Limit, after: Type.Optional(Type.String({ maxLength: 128 })) })

/** The query of the list of versions. */
export const VersionsQuery = Type.Object({
  limit: Limit,
  before: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
})

/** Addresses that take no query. */
export const NoQuery = Type.Object({})
