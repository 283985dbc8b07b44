// What the trace routes take and give.
import { Type } from 'typebox'

const Time = Type.String({ format: 'date-time', maxLength: 40 })
const TraceId = Type.String({ pattern: '^[0-9a-f]{32}$' })

/** The parameters of `GET /telemetry/traces`. */
export const TraceQuery = Type.Object({
  service: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  minMs: Type.Optional(Type.Number({ minimum: 0, maximum: 86_400_000 })),
  failed: Type.Optional(Type.Boolean()),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
  cursor: Type.Optional(Type.String({ pattern: '^[0-9TZ:.-]{20,32}_[0-9a-f]{32}$' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
})

const Listed = Type.Object({
  traceId: TraceId,
  started: Type.String(),
  durationMs: Type.Number(),
  service: Type.String(),
  name: Type.String(),
  failure: Type.Optional(Type.String()),
  spans: Type.Integer(),
  services: Type.Array(Type.String()),
})

/** A page of traces. */
export const TracePageBody = Type.Object({ traces: Type.Array(Listed), next: Type.Optional(Type.String()) })

/** The id in `/telemetry/traces/{traceId}`. */
export const TraceAddress = Type.Object({ traceId: TraceId })

const Value = Type.Union([Type.String(), Type.Number(), Type.Boolean()])

/** One trace. */
export const TraceBody = Type.Object({
  traceId: TraceId,
  started: Type.String(),
  durationMs: Type.Number(),
  isCut: Type.Boolean(),
  spans: Type.Array(
    Type.Object({
      spanId: Type.String(),
      parentId: Type.Optional(Type.String()),
      service: Type.String(),
      name: Type.String(),
      kind: Type.String(),
      startMs: Type.Number(),
      durationMs: Type.Number(),
      failure: Type.Optional(Type.String()),
      attributes: Type.Array(Type.Object({ name: Type.String(), value: Value })),
    }),
  ),
})

/** The parameters of `GET /telemetry/services`. */
export const ServicesQuery = Type.Object({ minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })) })

/** What the services did lately. */
export const ServicesBody = Type.Object({
  minutes: Type.Integer(),
  services: Type.Array(
    Type.Object({
      service: Type.String(),
      traces: Type.Integer(),
      failed: Type.Integer(),
      p50Ms: Type.Number(),
      p95Ms: Type.Number(),
    }),
  ),
})

/** No parameters. */
export const NoQuery = Type.Object({})
