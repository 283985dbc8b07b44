// What the routes of readings take.
import { Type } from 'typebox'

const Uid = Type.String({ pattern: '^[0-9.]{1,64}$' })

/** Body of `POST /api/v1/imaging/readings`. */
export const ReadingRequest = Type.Object({ study: Uid, series: Uid })

/** Parameters of `GET /api/v1/imaging/readings`. */
export const ReadingQuery = Type.Object({
  study: Type.Optional(Uid),
  state: Type.Optional(Type.Enum(['queued', 'running', 'ready', 'signed', 'failed', 'cancelled'])),
  before: Type.Optional(Type.String({ pattern: '^[0-9a-f-]{36}$' })),
  _count: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
})

/** The id of a reading in an address. */
export const ReadingAddress = Type.Object({ id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) })

/** A nodule in an address. */
export const NoduleAddress = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f-]{36}$' }),
  number: Type.Integer({ minimum: 1, maximum: 10_000 }),
})

/** Body of `PUT …/nodules/{number}`. */
export const DecisionBody = Type.Object({ decision: Type.Enum(['open', 'accepted', 'rejected']) })

/** Body of `POST …/sign`. */
export const SignatureBody = Type.Object({
  conclusion: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
  /** What the person has seen, where If-Match is not sent. */
  version: Type.Optional(Type.Integer({ minimum: 1 })),
})

/** No parameters. */
export const NoQuery = Type.Object({})
