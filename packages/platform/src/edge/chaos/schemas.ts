// What the routes of chaos take and give.
import { Type } from 'typebox'

const Name = Type.String({ maxLength: 300 })
const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Number>>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** The id in `/chaos/experiments/{id}`. */
export const ExperimentAddress = Type.Object({ id: Type.String({ format: 'uuid' }) })

/** The parameters of `GET /chaos/experiments`. */
export const ExperimentQuery = Type.Object({
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  before: Type.Optional(Type.String({ format: 'uuid' })),
})

/** No parameters. */
export const NoQuery = Type.Object({})

/** The body of `POST /chaos/experiments`: one Chaos Mesh document as YAML. */
export const StartBody = Type.Object({ document: Type.String({ minLength: 1, maxLength: 262_144 }) })

const Listed = {
  id: Type.String(),
  name: Name,
  kind: Name,
  title: Name,
  state: Type.Enum(['running', 'held', 'broken', 'aborted', 'failed']),
  reason: Nullable(Type.String()),
  startedBy: Name,
  place: Type.Enum(['stage', 'system']),
  startedAt: Type.String(),
  endedAt: Nullable(Type.String()),
}

/** A page of experiments. */
export const ExperimentsBody = Type.Object({
  experiments: Type.Array(Type.Object(Listed)),
  isEnabled: Type.Boolean(),
})

const Occurrence = Type.Object({ atMs: Type.Number(), kind: Name, step: Name, detail: Type.String() })

/** One experiment, with its report once it has ended. */
export const ExperimentBody = Type.Object({
  ...Listed,
  timeline: Type.Array(Occurrence),
  report: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
})

/** The id of what was begun. */
export const StartedBody = Type.Object({ id: Type.String() })

/** The map of the house. */
export const MapBody = Type.Object({
  services: Type.Array(
    Type.Object({
      name: Name,
      replicas: Type.Integer(),
      isHere: Type.Boolean(),
      reasons: Type.Array(Type.String()),
      requests: Type.Integer(),
      success: Nullable(Type.Number()),
      p50Ms: Nullable(Type.Number()),
      p99Ms: Nullable(Type.Number()),
      minutes: Type.Array(Type.Object({ at: Type.String(), requests: Type.Integer(), failed: Type.Integer() })),
    }),
  ),
  calls: Type.Array(Type.Object({ from: Name, to: Name })),
})
