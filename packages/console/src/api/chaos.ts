// The map of the house and the experiments, as the gateway serves them.
import type { Request } from './client.ts'

/** Requests of one minute. */
export interface MinuteTraffic {
  readonly at: string
  readonly requests: number
  readonly failed: number
}

/** A service on the map; figures are of the last hour, as the gateway counted them. */
export interface MappedService {
  readonly name: string
  readonly replicas: number
  readonly isHere: boolean
  /** Why it is not ready, in English. */
  readonly reasons: readonly string[]
  readonly requests: number
  /** 0 to 1; null without requests. */
  readonly success: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly minutes: readonly MinuteTraffic[]
}

/** The map. */
export interface HouseMap {
  readonly services: readonly MappedService[]
  readonly calls: readonly { readonly from: string; readonly to: string }[]
}

/** How an experiment stands. */
export type ExperimentState = 'running' | 'held' | 'broken' | 'aborted' | 'failed'

/** An experiment in the list. */
export interface Experiment {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** In English. */
  readonly title: string
  readonly state: ExperimentState
  /** In English. */
  readonly reason: string | null
  readonly startedBy: string
  readonly place: 'stage' | 'system'
  readonly startedAt: string
  readonly endedAt: string | null
}

/** Requests of one kind in one stretch of an experiment. */
export interface KindFigures {
  readonly requests: number
  readonly good: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** One stretch. */
export interface PhaseFigures {
  readonly seconds: number
  readonly idempotent: KindFigures
  readonly others: KindFigures
}

/** An experiment with what it showed. */
export interface ExperimentDetail extends Experiment {
  readonly report: {
    readonly before: PhaseFigures
    readonly during: PhaseFigures
    readonly after: PhaseFigures
    readonly recoveryMs: number
    readonly acknowledged: number
    readonly lost: readonly string[]
  } | null
}

/** The newest experiments, and whether this system lets some be started. */
export interface Experiments {
  readonly experiments: readonly Experiment[]
  readonly isEnabled: boolean
}

/** The map as it is now. */
export function fetchMap(request: Request, signal: AbortSignal): Promise<HouseMap> {
  return request<HouseMap>('/chaos/map', { signal })
}

/** The newest 50 experiments. */
export function fetchExperiments(request: Request, signal: AbortSignal): Promise<Experiments> {
  return request<Experiments>('/chaos/experiments?count=50', { signal })
}

/** One experiment. */
export function fetchExperiment(request: Request, id: string, signal: AbortSignal): Promise<ExperimentDetail> {
  return request<ExperimentDetail>(`/chaos/experiments/${encodeURIComponent(id)}`, { signal })
}

/** Ends a running one. */
export function abortExperiment(request: Request, id: string): Promise<unknown> {
  return request(`/chaos/experiments/${encodeURIComponent(id)}/abort`, { method: 'POST' })
}
