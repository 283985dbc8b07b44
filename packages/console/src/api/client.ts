// Speaks HTTP with the gateway: same origin, the session's cookie, the CSRF header, a deadline and a trace id on each request.
import { Failure, failureOf } from './failure.ts'

/** How a request is made. */
export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  /** The entity tag that the change is bound to. */
  readonly ifMatch?: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** What the session adds to requests; the client asks for it each time. */
export interface ClientSession {
  readonly csrfToken: () => string | undefined
  /** Why the glass is broken for the patient that the path is about, if it is. */
  readonly emergencyReason?: (path: string) => string | undefined
  /** Called when the server says that nobody is signed in. */
  readonly onUnauthenticated: () => void
}

/** Asks the gateway; rejects with a {@link Failure}. */
export type Request = <T>(path: string, options?: RequestOptions) => Promise<T>

/** Header of a stated emergency; its value is the reason, percent-encoded. */
export const emergencyHeader = 'x-break-glass-reason'

const patienceMs = 20_000
// Readiness answers 503 with a body that is an answer, not an error.
const isAnswer = (path: string, response: Response): boolean =>
  response.ok || (path.startsWith('/health/ready') && response.status === 503)

function hex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
}

interface Given {
  readonly traceId: string
  readonly csrfToken: string | undefined
  readonly emergency: string | undefined
}

function headersOf(options: RequestOptions, { traceId, csrfToken, emergency }: Given): HeadersInit {
  return {
    accept: 'application/fhir+json, application/json',
    traceparent: `00-${traceId}-${hex(8)}-01`,
    ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
    ...(emergency === undefined ? {} : { [emergencyHeader]: encodeURIComponent(emergency) }),
    ...(csrfToken === undefined || options.method === undefined ? {} : { 'x-csrf-token': csrfToken }),
  }
}

async function send(path: string, options: RequestOptions, given: Given) {
  const limit = AbortSignal.timeout(options.timeoutMs ?? patienceMs)
  const { traceId } = given
  try {
    return await fetch(path, {
      method: options.method ?? 'GET',
      headers: headersOf(options, given),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]),
    })
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause
    throw new Failure({ kind: limit.aborted ? 'timeout' : 'offline', traceId }, cause)
  }
}

async function bodyOf(response: Response, traceId: string): Promise<unknown> {
  if (response.status === 204) return undefined
  const text = await response.text().catch((cause: unknown) => {
    throw new Failure({ kind: 'offline', traceId, status: response.status }, cause)
  })
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch (cause) {
    if (!response.ok) return undefined
    throw new Failure({ kind: 'unreadable', traceId, status: response.status }, cause)
  }
}

/** Creates the one way by which the console asks the gateway. */
export function createRequest(session: ClientSession): Request {
  return async <T>(path: string, options: RequestOptions = {}) => {
    const traceId = hex(16)
    const response = await send(path, options, {
      traceId,
      csrfToken: session.csrfToken(),
      emergency: session.emergencyReason?.(path),
    })
    const body = await bodyOf(response, traceId)
    if (isAnswer(path, response)) return body as T // the parse boundary: each caller names the shape of its answer
    if (response.status === 401 && !path.startsWith('/auth/')) session.onUnauthenticated()
    throw failureOf({ status: response.status, body, retryAfter: response.headers.get('retry-after'), traceId })
  }
}
