// What the report panel asks the server: the reading of a series, decisions about its nodules, and the signature.
import type { Request } from '../../../api/client.ts'

/** A nodule that the model marked. */
export interface Nodule {
  readonly number: number
  readonly longAxisMm: number
  readonly shortAxisMm: number
  readonly volumeMm3: number
  readonly meanHu: number
  readonly density: 'solid' | 'part-solid' | 'ground-glass'
  readonly side: 'left' | 'right'
  /** 0 to 1. */
  readonly confidence: number
  readonly evidence: {
    readonly peakProbability: number
    readonly firstSlice: number
    readonly lastSlice: number
    /** SOP Instance UID of the slice in which the axes were measured. */
    readonly axesInstance: string | null
  }
  readonly decision: 'open' | 'accepted' | 'rejected'
}

/** A reading as the server shows it; nodules come with a single one. */
export interface Reading {
  readonly id: string
  readonly study: string
  readonly series: string
  readonly state: 'queued' | 'running' | 'ready' | 'signed' | 'failed' | 'cancelled'
  readonly progress: {
    readonly step: 'waiting' | 'loading' | 'lungs' | 'marking' | 'measuring' | 'writing' | 'done'
    readonly done: number
    readonly total: number
    readonly isCancelling: boolean
  }
  readonly failure?: { readonly code: string; readonly detail: string }
  readonly model: { readonly name: string; readonly version: string }
  readonly report: string | null
  readonly signed: string | null
  readonly signedBy: string | null
  readonly version: number
  readonly nodules?: readonly Nodule[]
}

/** Where a series is. */
export interface SeriesAddress {
  readonly studyUid: string
  readonly seriesUid: string
}

const base = '/api/v1/imaging/readings'

/** The newest reading of a series with its nodules; null when there is none. */
export async function fetchReading(request: Request, at: SeriesAddress, signal: AbortSignal): Promise<Reading | null> {
  const page = await request<{ readonly readings: readonly Reading[] }>(`${base}?study=${at.studyUid}&_count=50`, {
    signal,
  })
  const newest = page.readings.find(({ series }) => series === at.seriesUid)
  return newest === undefined ? null : await request<Reading>(`${base}/${newest.id}`, { signal })
}

/** Asks for a reading of a series. */
export function startReading(request: Request, { studyUid, seriesUid }: SeriesAddress): Promise<Reading> {
  return request<Reading>(base, { method: 'POST', body: { study: studyUid, series: seriesUid } })
}

/** Stops a reading, or tries one again that was stopped or failed. */
export function changeReading(request: Request, id: string, change: 'cancel' | 'retry'): Promise<Reading> {
  return request<Reading>(`${base}/${id}/${change}`, { method: 'POST', body: {} })
}

/** Decides about nodules one after the other; gives the reading after the last. */
export async function decide(
  request: Request,
  id: string,
  decided: readonly { readonly number: number; readonly decision: Nodule['decision'] }[],
): Promise<Reading | undefined> {
  let reading: Reading | undefined
  for (const { number, decision } of decided) {
    reading = await request<Reading>(`${base}/${id}/nodules/${number}`, { method: 'PUT', body: { decision } })
  }
  return reading
}

/** Signs what the radiologist has seen. */
export function signReading(
  request: Request,
  { id, version }: Pick<Reading, 'id' | 'version'>,
  conclusion: string,
): Promise<Reading> {
  const words = conclusion.trim()
  const body = { version, ...(words === '' ? {} : { conclusion: words }) }
  return request<Reading>(`${base}/${id}/sign`, { method: 'POST', body, timeoutMs: 60_000 })
}
