// Encrypted computation as the gateway serves it: contexts, contributions, jobs; and bytes that are sent as files.
import type { Request } from '../../api/client.ts'
import { Failure, failureOf } from '../../api/failure.ts'

/** A key owner's public context. */
export interface PrivateContext {
  readonly id: string
  readonly owner: string
  readonly label: string
  readonly minContributors: number
  readonly degree: number
  readonly primeBits: readonly number[]
  readonly slots: number
  readonly levels: number
  readonly hasRelinKeys: boolean
  readonly rotations: readonly number[]
  readonly hasSecretKey: false
  readonly sizeBytes: number
  readonly createdAt: string
}

/** An encrypted vector. */
export interface PrivateVector {
  readonly id: string
  readonly owner: string
  readonly label: string
  readonly jobId?: string
  readonly output?: string
  readonly size: number
  readonly levelsLeft: number
  readonly sizeBytes: number
  /** Bytes of the same numbers as doubles. */
  readonly plainBytes: number
  readonly createdAt: string
}

/** A step of a program. */
export type PrivateStep =
  | { readonly op: 'multiply-plain' | 'add-plain'; readonly of: string; readonly values: number; readonly as: string }
  | { readonly op: 'total'; readonly of: readonly string[]; readonly as: string }

/** A computation. */
export interface PrivateJob {
  readonly id: string
  readonly owner: string
  readonly label: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: { readonly done: number; readonly total: number }
  readonly contributors: number
  readonly operations: readonly string[]
  readonly results: readonly PrivateVector[]
  /** In English. */
  readonly error?: { readonly code: string; readonly detail: string }
  readonly createdAt: string
}

/** What is asked of the server. */
export interface JobWish {
  readonly label: string
  readonly inputs: Readonly<Record<string, string>>
  readonly steps: readonly PrivateStep[]
  readonly outputs: readonly string[]
}

const base = '/api/v1/private'
const patienceMs = 60_000

/** The newest contexts. */
export async function fetchContexts(request: Request, signal: AbortSignal): Promise<readonly PrivateContext[]> {
  return (await request<{ readonly contexts: readonly PrivateContext[] }>(`${base}/contexts`, { signal })).contexts
}

/** The contributions and results of a context that the caller may know of. */
export async function fetchVectors(request: Request, id: string, signal: AbortSignal) {
  const path = `${base}/contexts/${id}/vectors`
  return (await request<{ readonly vectors: readonly PrivateVector[] }>(path, { signal })).vectors
}

/** The jobs of a context that the caller may know of. */
export async function fetchJobs(request: Request, id: string, signal: AbortSignal) {
  return (await request<{ readonly jobs: readonly PrivateJob[] }>(`${base}/contexts/${id}/jobs`, { signal })).jobs
}

/** Has the server compute. */
export function startJob(request: Request, id: string, wish: JobWish): Promise<PrivateJob> {
  return request<PrivateJob>(`${base}/contexts/${id}/jobs`, { method: 'POST', body: wish })
}

/** Where the bytes of a vector are fetched; a link with this address saves them. */
export const bytesAddress = (vectorId: string): string => `${base}/vectors/${vectorId}/bytes`

/** Where a context is sent. */
export const contextsAddress = (label: string, minContributors: number): string =>
  `${base}/contexts?label=${encodeURIComponent(label)}&minContributors=${minContributors}`

/** Where a contribution is sent. */
export const vectorsAddress = (contextId: string, label: string): string =>
  `${base}/contexts/${contextId}/vectors?label=${encodeURIComponent(label)}`

/** Where a job is cancelled. */
export const jobAddress = (id: string): string => `${base}/jobs/${id}`

/** Sends a file, or asks to remove; rejects with a {@link Failure}. */
export async function sendRaw(
  address: string,
  how: { readonly method: 'POST' | 'DELETE'; readonly body?: Blob; readonly csrfToken: string },
): Promise<void> {
  const { method, body, csrfToken } = how
  const limit = AbortSignal.timeout(patienceMs)
  const answer = await fetch(address, {
    method,
    headers: {
      'x-csrf-token': csrfToken,
      ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
    },
    ...(body === undefined ? {} : { body }),
    credentials: 'same-origin',
    redirect: 'error',
    signal: limit,
  }).catch((cause: unknown) => {
    throw new Failure({ kind: limit.aborted ? 'timeout' : 'offline', traceId: '–' }, cause)
  })
  if (answer.ok) return
  const text: unknown = await answer.json().catch(() => undefined)
  throw failureOf({ status: answer.status, body: text, retryAfter: answer.headers.get('retry-after'), traceId: '–' })
}
