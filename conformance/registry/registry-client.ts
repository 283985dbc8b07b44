// A small client of Consul's HTTP API for checks: it hides nothing of what came.

/** An answer. */
export interface RegistryAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** X-Consul-Index; 0 when there is none. */
  readonly index: number
  /** The body parsed; throws when it is not JSON. */
  json<T = unknown>(): T
}

/** A client of one registry. */
export interface RegistryClient {
  readonly base: string
  get(path: string, init?: RequestInit): Promise<RegistryAnswer>
  put(path: string, body?: unknown, init?: RequestInit): Promise<RegistryAnswer>
  delete(path: string, init?: RequestInit): Promise<RegistryAnswer>
}

const timeoutMs = 30_000

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null
  return typeof body === 'string' || body instanceof Uint8Array
    ? (body as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(body)
}

/** Creates a client; `headers` go with each call. */
export function createRegistryClient(base: string, headers: Readonly<Record<string, string>> = {}): RegistryClient {
  const call = async (method: string, path: string, init: RequestInit): Promise<RegistryAnswer> => {
    const signal = init.signal ?? AbortSignal.timeout(timeoutMs)
    const answer = await fetch(`${base}${path}`, { ...init, method, signal, headers: { ...headers, ...init.headers } })
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      index: Number(answer.headers.get('x-consul-index') ?? 0),
      json: <T>() => JSON.parse(text) as T,
    }
  }
  return {
    base,
    get: (path, init = {}) => call('GET', path, init),
    put: (path, body, init = {}) => call('PUT', path, { ...init, body: bodyOf(body) }),
    delete: (path, init = {}) => call('DELETE', path, init),
  }
}

/** Asks again until `check` holds; throws with the last word after `limitMs`. */
export async function until<T>(ask: () => Promise<T> | T, check: (found: T) => boolean, limitMs = 15_000): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await ask()
    if (check(found)) return found
    if (performance.now() > end) throw new Error(`It did not happen within ${limitMs} ms: ${JSON.stringify(found)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
