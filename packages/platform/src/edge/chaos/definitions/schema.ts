// What a Chaos Mesh document may hold, field by field as its CRDs (chaos-mesh.org/v1alpha1) name them; anything else is refused.
import { type Static, type TSchema, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const text = (): ReturnType<typeof Type.String> => Type.String({ maxLength: 1024 })
const texts = (): ReturnType<typeof Type.Array> => Type.Array(text(), { maxItems: 100 })
const words = Type.Record(Type.String(), text())
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)

const selector = Type.Object(
  {
    labelSelectors: optional(words),
    namespaces: optional(texts()),
    annotationSelectors: optional(words),
    expressionSelectors: optional(Type.Array(Type.Unknown())),
    fieldSelectors: optional(words),
    nodeSelectors: optional(words),
    nodes: optional(texts()),
    podPhaseSelectors: optional(texts()),
    pods: optional(Type.Record(Type.String(), texts())),
  },
  closed,
)

const mode = Type.Enum(['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'])
const chosen = { selector, mode, value: optional(text()), remoteCluster: optional(text()), duration: optional(text()) }
const reorder = Type.Object({ reorder: text(), gap: Type.Integer(), correlation: optional(text()) }, closed)

/** The fields of a NetworkChaos. */
export const networkSchema = Type.Object(
  {
    ...chosen,
    action: Type.Enum(['netem', 'delay', 'loss', 'duplicate', 'corrupt', 'partition', 'bandwidth']),
    direction: optional(Type.Enum(['to', 'from', 'both'])),
    target: optional(Type.Object({ selector, mode, value: optional(text()) }, closed)),
    externalTargets: optional(texts()),
    device: optional(text()),
    targetDevice: optional(text()),
    delay: optional(
      Type.Object(
        { latency: text(), jitter: optional(text()), correlation: optional(text()), reorder: optional(reorder) },
        closed,
      ),
    ),
    loss: optional(Type.Object({ loss: text(), correlation: optional(text()) }, closed)),
    duplicate: optional(Type.Object({ duplicate: text(), correlation: optional(text()) }, closed)),
    corrupt: optional(Type.Object({ corrupt: text(), correlation: optional(text()) }, closed)),
    bandwidth: optional(
      Type.Object(
        {
          rate: text(),
          limit: Type.Integer({ minimum: 1 }),
          buffer: Type.Integer({ minimum: 1 }),
          peakrate: optional(Type.Integer({ minimum: 0 })),
          minburst: optional(Type.Integer({ minimum: 0 })),
        },
        closed,
      ),
    ),
    rate: optional(Type.Object({ rate: text() }, closed)),
  },
  closed,
)

/** The fields of a PodChaos. */
export const podSchema = Type.Object(
  {
    ...chosen,
    action: Type.Enum(['pod-kill', 'pod-failure', 'container-kill']),
    gracePeriod: optional(Type.Integer({ minimum: 0, maximum: 600 })),
    containerNames: optional(texts()),
  },
  closed,
)

const stressOptions = { workers: Type.Integer({ minimum: 1, maximum: 64 }), options: optional(texts()) }

/** The fields of a StressChaos. */
export const stressSchema = Type.Object(
  {
    ...chosen,
    stressors: optional(
      Type.Object(
        {
          cpu: optional(
            Type.Object({ ...stressOptions, load: optional(Type.Integer({ minimum: 0, maximum: 100 })) }, closed),
          ),
          memory: optional(
            Type.Object(
              { ...stressOptions, size: optional(text()), oomScoreAdj: optional(Type.Integer({ minimum: -1000 })) },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    stressngStressors: optional(text()),
    containerNames: optional(texts()),
  },
  closed,
)

/** The fields of a StatusCheck. */
export const statusCheckSchema = Type.Object(
  {
    type: Type.Enum(['HTTP']),
    mode: optional(Type.Enum(['Synchronous', 'Continuous'])),
    duration: optional(text()),
    intervalSeconds: optional(Type.Integer({ minimum: 1, maximum: 3600 })),
    timeoutSeconds: optional(Type.Integer({ minimum: 1, maximum: 60 })),
    failureThreshold: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    successThreshold: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    recordsHistoryLimit: optional(Type.Integer({ minimum: 1 })),
    http: optional(
      Type.Object(
        {
          url: text(),
          method: optional(Type.Enum(['GET', 'POST'])),
          headers: optional(Type.Record(Type.String(), texts())),
          body: optional(text()),
          criteria: Type.Object({ statusCode: text() }, closed),
        },
        closed,
      ),
    ),
  },
  closed,
)

const template = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    templateType: text(),
    deadline: optional(text()),
    children: optional(Type.Array(text(), { maxItems: 100 })),
    abortWithStatusCheck: optional(Type.Boolean()),
    statusCheck: optional(statusCheckSchema),
    networkChaos: optional(networkSchema),
    podChaos: optional(podSchema),
    stressChaos: optional(stressSchema),
    conditionalBranches: optional(Type.Array(Type.Unknown())),
    task: optional(Type.Unknown()),
  },
  closed,
)

/** The fields of a Workflow. */
export const workflowSchema = Type.Object(
  { entry: text(), templates: Type.Array(template, { minItems: 1, maxItems: 100 }) },
  closed,
)

/** A selector with its mode, as written. */
export type WrittenChoice = Pick<Static<typeof podSchema>, 'selector' | 'mode' | 'value'>
/** A NetworkChaos as written. */
export type WrittenNetwork = Static<typeof networkSchema>
/** A PodChaos as written. */
export type WrittenPod = Static<typeof podSchema>
/** A StressChaos as written. */
export type WrittenStress = Static<typeof stressSchema>
/** A StatusCheck as written. */
export type WrittenCheck = Static<typeof statusCheckSchema>
/** A Workflow as written. */
export type WrittenWorkflow = Static<typeof workflowSchema>
/** One template of a Workflow as written. */
export type WrittenTemplate = Static<typeof template>
