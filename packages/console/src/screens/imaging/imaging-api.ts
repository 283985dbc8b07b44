// What the imaging screens ask the server: the worklist, metadata and frames of a series, and storing files.
import type { DicomJson } from '@xinglin/core/dicom/image'
import { emergencyHeader, type Request } from '../../api/client.ts'
import { Failure, failureOf } from '../../api/failure.ts'

/** A study of the worklist, as the server shows it. */
export interface Study {
  readonly studyInstanceUid: string
  readonly patient: string | null
  readonly linkState: 'waiting' | 'linked' | 'unassigned'
  readonly linkReason: string | null
  readonly patientId: string
  readonly patientName: string
  /** `YYYYMMDD`, or empty. */
  readonly birthDate: string
  readonly sex: string
  readonly studyDate: string
  readonly studyTime: string
  readonly accession: string
  readonly description: string
  readonly modalities: readonly string[]
  readonly series: number
  readonly instances: number
}

/** A series of a study. */
export interface Series {
  readonly seriesInstanceUid: string
  readonly modality: string
  readonly number: number | null
  readonly description: string
  readonly instances: number
}

/** A study with its series. */
export interface StudyWithSeries extends Study {
  readonly seriesList: readonly Series[]
}

/** A page of the worklist. */
export interface StudyPage {
  readonly studies: readonly Study[]
  readonly nextOffset?: number
}

/** What became of files that were sent. */
export interface StoreCounts {
  readonly stored: number
  readonly refused: number
}

const frameLimitMs = 30_000
const storeLimitMs = 600_000
const studiesBase = '/api/v1/imaging/studies'

/** One study with its series. */
export function fetchStudy(request: Request, studyUid: string, signal: AbortSignal): Promise<StudyWithSeries> {
  return request<StudyWithSeries>(`${studiesBase}/${studyUid}`, { signal })
}

/** Metadata of the images of a series. */
export function fetchMetadata(
  request: Request,
  at: { readonly studyUid: string; readonly seriesUid: string },
  signal: AbortSignal,
): Promise<readonly DicomJson[]> {
  return request<readonly DicomJson[]>(
    `/dicom-web/studies/${at.studyUid}/series/${at.seriesUid}/metadata?accept=application/json`,
    {
      signal,
    },
  )
}

function traceId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function ask(path: string, init: RequestInit, limitMs: number): Promise<Response> {
  const trace = traceId()
  const limit = AbortSignal.timeout(limitMs)
  const { signal } = init
  try {
    return await fetch(path, {
      ...init,
      credentials: 'same-origin',
      redirect: 'error',
      headers: { traceparent: `00-${trace}-${trace.slice(0, 16)}-01`, ...init.headers },
      signal: signal === undefined || signal === null ? limit : AbortSignal.any([signal, limit]),
    })
  } catch (cause) {
    if (signal?.aborted === true) throw cause
    throw new Failure({ kind: limit.aborted ? 'timeout' : 'offline', traceId: trace }, cause)
  }
}

async function failure(response: Response): Promise<Failure> {
  const body: unknown = await response.json().catch(() => undefined)
  const retryAfter = response.headers.get('retry-after')
  return failureOf({ status: response.status, body, retryAfter, traceId: traceId() })
}

/**
 * The native little-endian bytes of an image's first frame.
 * @param emergency why the glass is broken for the patient, if it is
 */
export async function fetchFrame(
  path: string,
  emergency: string | undefined,
  signal: AbortSignal,
): Promise<ArrayBuffer> {
  const stated = emergency === undefined ? {} : { [emergencyHeader]: encodeURIComponent(emergency) }
  const headers = { accept: 'application/octet-stream', ...stated }
  const response = await ask(path, { headers, signal }, frameLimitMs)
  if (!response.ok) throw await failure(response)
  return await response.arrayBuffer()
}

const lengthOf = (body: DicomJson, tag: string): number => body[tag]?.Value?.length ?? 0

/** Sends files as one STOW-RS request; the browser reads them from the disk as they go out. */
export async function storeFiles(
  files: readonly Blob[],
  given: { readonly csrfToken: string; readonly signal: AbortSignal },
): Promise<StoreCounts> {
  const boundary = `xinglin-${traceId()}`
  const head = `--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`
  const body = new Blob([...files.flatMap((file) => [head, file, '\r\n']), `--${boundary}--\r\n`])
  const headers = {
    accept: 'application/dicom+json',
    'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    'x-csrf-token': given.csrfToken,
  }
  const response = await ask(
    '/dicom-web/studies',
    { method: 'POST', headers, body, signal: given.signal },
    storeLimitMs,
  )
  const isAnswer = response.headers.get('content-type')?.includes('dicom+json') === true
  if (!isAnswer) throw await failure(response)
  const answer = (await response.json()) as DicomJson // the server's own form
  return { stored: lengthOf(answer, '00081199'), refused: lengthOf(answer, '00081198') + lengthOf(answer, '0008119A') }
}
