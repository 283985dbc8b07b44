// A registered version of a model, and the rules of its stage (pure).
import { AppError } from '@xinglin/core/errors'

/** How far a version has come. */
export type Stage = 'none' | 'staging' | 'production' | 'archived'

/** Every stage. */
export const stages: readonly Stage[] = Object.freeze(['none', 'staging', 'production', 'archived'])

/** One measured figure, with its confidence interval where it is known. */
export interface Metric {
  /** E.g. `dice`, `auc`, `sensitivity`. */
  readonly name: string
  readonly value: number
  /** Ends of the interval. */
  readonly low?: number
  readonly high?: number
  /** Confidence of the interval, e.g. 0.95. */
  readonly confidence?: number
  /** Number of cases it was measured on. */
  readonly cases?: number
  /** What it was measured on, e.g. `validation patients`. */
  readonly dataset?: string
}

/** Where a version comes from. */
export interface Lineage {
  readonly dataset?: string
  /** Version of the same model that it goes on from. */
  readonly parentVersion?: number
  /** The training, e.g. `federated/icu-risk/run-7`. */
  readonly trainingRun?: string
}

/** A registered version. */
export interface ModelVersion {
  readonly model: string
  readonly version: number
  readonly stage: Stage
  /** Counts the changes of the stage; the ETag. */
  readonly revision: number
  readonly sha256: string
  readonly sizeBytes: number
  /** Key of the graph in the blobs; undefined for a shipped one. */
  readonly artefact: string | undefined
  /** Text of `config.pbtxt`; empty when it follows from the graph. */
  readonly config: string
  /** The model card in Markdown. */
  readonly card: string
  readonly metrics: readonly Metric[]
  readonly lineage: Lineage
  readonly registeredBy: string
  readonly registeredAt: Date
}

/** The entity tag of a version. */
export const etagOf = ({ revision }: Pick<ModelVersion, 'revision'>): string => `W/"${revision}"`

/**
 * Holds a change of stage against the rules: what is in production has a card and figures, and is not changed to what it is.
 * @throws AppError 'business-rule'
 */
export function checkStageChange(version: ModelVersion, to: Stage): void {
  const { stage, card, metrics } = version
  if (stage === to) throw new AppError('business-rule', `The version is in the stage ${to} already`)
  if (to === 'none') throw new AppError('business-rule', 'A version does not go back to none; archive it')
  if (to === 'production' && stage === 'archived') {
    throw new AppError('business-rule', 'An archived version goes to staging before it goes to production')
  }
  if (to !== 'production') return
  if (card.trim() === '') throw new AppError('business-rule', 'A version without a model card cannot go to production')
  if (metrics.length === 0) {
    throw new AppError('business-rule', 'A version without a measured figure cannot go to production')
  }
}
