// What the audit routes take.
import { Type } from 'typebox'

const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const PageSize = Type.Integer({ minimum: 1, maximum: 200 })
const resourceId = '[A-Za-z0-9.-]{1,64}'

/** The parameters of `GET /audit/events`. */
export const EventQuery = Type.Object({
  patient: Type.Optional(Type.String({ pattern: `^(Patient/)?${resourceId}$` })),
  agent: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  action: Type.Optional(Type.Enum(['C', 'R', 'U', 'D', 'E'])),
  outcome: Type.Optional(Type.Enum(['success', 'refused', 'failed', '0', '4', '8'])),
  interaction: Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.:-]{0,99}$' })),
  entity: Type.Optional(Type.String({ pattern: `^[A-Za-z]{1,64}/${resourceId}$` })),
  // TREAT is no key: it is the purpose of almost every event.
  purpose: Type.Optional(Type.Enum(['BTG', 'HOPERAT', 'HSYSADMIN', 'HRESCH'])),
  date: Type.Optional(Type.Array(Type.String({ minLength: 4, maxLength: 40 }), { maxItems: 2 })),
  _count: Type.Optional(PageSize),
  _before: Type.Optional(Id),
})

/** The id in `/audit/events/{id}`. */
export const EventAddress = Type.Object({ id: Id })

/** The parameters of `GET /audit/checkpoints`. */
export const CheckpointQuery = Type.Object({ _count: Type.Optional(PageSize), before: Type.Optional(Count) })

/** The parameters of `GET /audit/proof/inclusion`. */
export const InclusionQuery = Type.Object({ seq: Count, size: Type.Optional(Count) })

/** The parameters of `GET /audit/proof/consistency`. */
export const ConsistencyQuery = Type.Object({ from: Count, to: Type.Optional(Count) })

/** The body of `POST /audit/events/{id}/$erase`. */
export const ErasureBody = Type.Object({ reason: Type.String({ minLength: 3, maxLength: 500 }) })

/** No parameters. */
export const NoQuery = Type.Object({})
