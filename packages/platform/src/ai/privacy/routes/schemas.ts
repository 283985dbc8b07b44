// What the routes under /api/v1/private take and give.
import { Type } from 'typebox'

const maxValues = 16_384
const name = '^[A-Za-z_][A-Za-z0-9_]{0,63}$'
const uuid = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

const Name = Type.String({ pattern: name })
const Names = Type.Array(Name, { minItems: 1, maxItems: 256 })
const Label = Type.String({ minLength: 1, maxLength: 200 })
const Numbers = Type.Array(Type.Number(), { minItems: 1, maxItems: maxValues })
const Values = Type.Union([Type.Number(), Numbers])
const closed = { additionalProperties: false }

/** One step of a program. */
export const Step = Type.Union([
  Type.Object({ op: Type.Enum(['add', 'subtract', 'multiply', 'dot']), left: Name, right: Name, as: Name }, closed),
  Type.Object({ op: Type.Enum(['negate', 'square', 'sum']), of: Name, as: Name }, closed),
  Type.Object({ op: Type.Enum(['add-plain', 'multiply-plain']), of: Name, values: Values, as: Name }, closed),
  Type.Object({ op: Type.Literal('dot-plain'), of: Name, weights: Numbers, as: Name }, closed),
  Type.Object({ op: Type.Literal('rotate'), of: Name, by: Type.Integer(), as: Name }, closed),
  Type.Object({ op: Type.Literal('total'), of: Names, as: Name }, closed),
  Type.Object(
    {
      op: Type.Literal('weighted-sum'),
      of: Names,
      weights: Numbers,
      intercept: Type.Optional(Type.Number()),
      as: Name,
    },
    closed,
  ),
  Type.Object(
    {
      op: Type.Literal('polynomial'),
      of: Name,
      coefficients: Type.Array(Type.Number(), { minItems: 2, maxItems: 32 }),
      as: Name,
    },
    closed,
  ),
  Type.Object(
    {
      op: Type.Literal('logistic'),
      of: Type.Union([Name, Names]),
      weights: Numbers,
      intercept: Type.Number(),
      degree: Type.Optional(Type.Integer({ minimum: 3, maximum: 7 })),
      range: Type.Optional(Type.Number({ minimum: 1, maximum: 16 })),
      as: Name,
    },
    closed,
  ),
])

/** The body of `POST /contexts/{id}/jobs`. */
export const JobBody = Type.Object({
  label: Type.Optional(Label),
  inputs: Type.Record(Name, Type.String({ pattern: uuid }), { minProperties: 1, maxProperties: 256 }),
  steps: Type.Array(Step, { minItems: 1, maxItems: 500 }),
  outputs: Type.Array(Name, { minItems: 1, maxItems: 16, uniqueItems: true }),
})

/** An id in a path. */
export const Address = Type.Object({ id: Type.String({ pattern: uuid }) })

/** The parameters of `POST /contexts`. */
export const ContextQuery = Type.Object({
  label: Type.Optional(Label),
  minContributors: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
})

/** The parameters of `GET /contexts`. */
export const ListQuery = Type.Object({ before: Type.Optional(Type.String({ minLength: 20, maxLength: 30 })) })

/** The parameters of `POST /contexts/{id}/vectors`. */
export const VectorQuery = Type.Object({
  label: Type.Optional(Label),
  patient: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9.-]{1,64}$' })),
})

/** The parameters of `GET /jobs/{id}`. */
export const JobQuery = Type.Object({ wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 20 })) })

/** No parameters. */
export const NoQuery = Type.Object({})
