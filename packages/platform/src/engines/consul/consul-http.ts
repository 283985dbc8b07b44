// Calls to Consul's HTTP API: one agent, a time limit and a size limit on each, answers parsed at this edge.
import { AppError } from '@xinglin/core/errors'
import { Agent, type Dispatcher, request } from 'undici'

/** How to reach it. */
export interface ConsulAddress {
  /** `http://host:port`, or `host:port` as in CONSUL_HTTP_ADDR; several with commas between, each of which will do. */
  readonly url: string
  readonly token?: string | undefined
  /** Connections to use instead of own ones, for a registry that wants to know who asks. */
  readonly dispatcher?: Dispatcher | undefined
}

/** One call. */
export interface ConsulCall {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** Path and query, encoded. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly text?: string
  readonly timeoutMs: number
  /** Ends this call alone. */
  readonly signal?: AbortSignal
}

/** An answer. */
export interface ConsulAnswer {
  readonly status: number
  /** X-Consul-Index; 0 when there is none. */
  readonly index: number
  readonly text: string
}

/** The client. */
export interface ConsulHttp {
  /** @throws AppError 'unavailable' when there is no whole answer in time */
  call(call: ConsulCall): Promise<ConsulAnswer>
  close(): Promise<void>
}

const maxAnswerBytes = 8_388_608
const maxConnections = 512
const connectMs = 2000

// Reads an address of the registry. @throws AppError 'invalid-parameter'
function registryOrigin(url: string): string {
  const parsed = URL.parse(/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`)
  const isPlain = parsed !== null && parsed.username === '' && parsed.password === '' && parsed.pathname === '/'
  if (isPlain && /^https?:$/.test(parsed.protocol)) return parsed.origin
  throw new AppError('invalid-parameter', 'The address of the registry must look like http://host:port')
}

/** Reads one address or several. @throws AppError 'invalid-parameter' */
export const registryOrigins = (urls: string): readonly string[] =>
  urls.split(',').map((url) => registryOrigin(url.trim()))

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new Error(`The registry answered with more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function headersOf({ token }: ConsulAddress, hasBody: boolean): Record<string, string> {
  return {
    ...(token === undefined || token === '' ? {} : { 'x-consul-token': token }),
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
  }
}

/** Creates a client; `closing` ends all its calls. A call that gets no answer is put to the next address. */
export function createConsulHttp(address: ConsulAddress, closing: AbortSignal): ConsulHttp {
  const origins = registryOrigins(address.url)
  const state = { at: 0 }
  const agent = new Agent({
    connections: maxConnections,
    pipelining: 1,
    connect: { timeout: connectMs },
    headersTimeout: 0, // each call has its own limit
    bodyTimeout: 0,
  })
  const ask = async (origin: string, asked: ConsulCall, ending: AbortSignal): Promise<ConsulAnswer> => {
    const { method, path, body, text, timeoutMs } = asked
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const answer = await request(`${origin}${path}`, {
      method,
      headers: headersOf(address, body !== undefined),
      ...(sent === undefined ? {} : { body: sent }),
      dispatcher: address.dispatcher ?? agent,
      signal: AbortSignal.any([ending, AbortSignal.timeout(timeoutMs)]),
    })
    const index = Number(answer.headers['x-consul-index'] ?? 0)
    return {
      status: answer.statusCode,
      index: Number.isSafeInteger(index) && index > 0 ? index : 0,
      text: await readText(answer.body),
    }
  }
  return {
    async call(asked) {
      const ending = AbortSignal.any([closing, asked.signal ?? closing])
      let failure: unknown
      for (let tried = 0; tried < origins.length && !ending.aborted; tried += 1) {
        const { at } = state
        try {
          return await ask(origins[at] ?? '', asked, ending)
        } catch (cause) {
          failure = cause
          if (state.at === at) state.at = (at + 1) % origins.length // unless another call has moved on meanwhile
        }
      }
      throw new AppError('unavailable', 'The registry cannot be reached now', { cause: failure, retryAfterSeconds: 1 })
    },
    close: () => agent.destroy(),
  }
}
