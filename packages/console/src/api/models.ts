// Models as the gateway serves them: the registry's versions, and what the inference server does with them now.
import type { Request } from './client.ts'

/** How far a version has come. */
export type Stage = 'none' | 'staging' | 'production' | 'archived'

/** A model in the list. */
export interface ModelSummary {
  readonly name: string
  /** In English. */
  readonly description: string
  readonly versions: number
  readonly newestVersion: number
  readonly productionVersion?: number
}

/** One measured figure. */
export interface Metric {
  readonly name: string
  readonly value: number
  readonly low?: number
  readonly high?: number
  readonly confidence?: number
  readonly cases?: number
  readonly dataset?: string
}

/** A version. */
export interface ModelVersion {
  readonly version: number
  readonly stage: Stage
  readonly sha256: string
  readonly sizeBytes: number
  readonly metrics: readonly Metric[]
  readonly lineage: { readonly dataset?: string; readonly parentVersion?: number; readonly trainingRun?: string }
  readonly registeredBy: string
  readonly registeredAt: string
  readonly isShipped: boolean
  readonly hasCard: boolean
  readonly etag: string
}

/** A version with its card, in Markdown and English. */
export interface VersionDetail extends ModelVersion {
  readonly card: string
}

interface Duration {
  readonly count: number
  readonly ns: number
}

/** A version that is served now, with what it has done since it was loaded. */
export interface Serving {
  readonly version: string
  readonly origin: 'shipped' | 'folder' | 'registry' | 'request'
  readonly pending: number
  readonly openInstances: number
  readonly inference_count: number
  readonly execution_count: number
  /** Milliseconds since 1970; 0 for never. */
  readonly last_inference: number
  readonly inference_stats: {
    readonly success: Duration
    readonly fail: Duration
    readonly queue: Duration
    readonly compute_infer: Duration
  }
}

/** A model with its newest versions. */
export interface ModelDetail {
  readonly name: string
  readonly description: string
  readonly versions: readonly ModelVersion[]
  readonly serving: readonly Serving[]
}

/** A line of the inference server's index. */
export interface IndexEntry {
  readonly name: string
  readonly version?: string
  readonly state?: 'READY' | 'UNAVAILABLE'
  /** In English. */
  readonly reason?: string
}

const base = '/api/v1/models'
const pathOf = (name: string): string => `${base}/${encodeURIComponent(name)}`

/** The registered models, the first hundred by name. */
export async function fetchModels(request: Request, signal: AbortSignal): Promise<readonly ModelSummary[]> {
  const { models } = await request<{ readonly models: readonly ModelSummary[] }>(`${base}?limit=100`, { signal })
  return models
}

/** Every model that the inference server knows, loaded or not. */
export function fetchIndex(request: Request, signal: AbortSignal): Promise<readonly IndexEntry[]> {
  return request('/v2/repository/index', { method: 'POST', body: {}, signal })
}

/** One model. */
export function fetchModel(request: Request, name: string, signal: AbortSignal): Promise<ModelDetail> {
  return request(pathOf(name), { signal })
}

/** One version with its card. */
export function fetchVersion(
  request: Request,
  name: string,
  version: number,
  signal: AbortSignal,
): Promise<VersionDetail> {
  return request(`${pathOf(name)}/versions/${version}`, { signal })
}

/** Changes a version's stage; refused when somebody else changed it since it was read. */
export function changeStage(
  request: Request,
  name: string,
  { version, etag }: Pick<ModelVersion, 'version' | 'etag'>,
  stage: Stage,
): Promise<ModelVersion> {
  return request(`${pathOf(name)}/versions/${version}/stage`, { method: 'PUT', body: { stage }, ifMatch: etag })
}
