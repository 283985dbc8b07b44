// Speaks with the privacy service of a system, in JSON and in bytes.
import { AppError } from '@xinglin/core/errors'

/** Where and as whom. */
export interface ServerAddress {
  readonly gatewayUrl: string
  readonly token: string
}

/** A request to `/api/v1/private/…`. */
export interface ServerAsk {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly bytes?: Uint8Array
  readonly json?: unknown
}

const patienceMs = 120_000

async function send({ gatewayUrl, token }: ServerAddress, path: string, ask: ServerAsk): Promise<Response> {
  const { method = 'GET', bytes, json } = ask
  const type = bytes === undefined ? 'application/json' : 'application/octet-stream'
  const body = bytes === undefined ? (json === undefined ? undefined : JSON.stringify(json)) : Buffer.from(bytes)
  return fetch(`${gatewayUrl}/api/v1/private/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(patienceMs),
  })
}

/** The answer's status and JSON, whatever they are. */
export async function askServer(address: ServerAddress, path: string, ask: ServerAsk = {}) {
  const answer = await send(address, path, ask)
  const text = await answer.text()
  // the parse boundary: each caller names the shape of its answer
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>> }
}

/** The answer's JSON. @throws AppError 'unprocessable' with the server's words when it refuses */
export async function demandJson<T>(address: ServerAddress, path: string, ask: ServerAsk = {}): Promise<T> {
  const { status, body } = await askServer(address, path, ask)
  if (status >= 200 && status < 300) return body as T // the parse boundary
  throw new AppError('unprocessable', `The server answered ${status}: ${String(body['detail'] ?? body['title'])}`)
}

/** The answer's bytes. @throws AppError 'unprocessable' with the server's words when it refuses */
export async function demandBytes(address: ServerAddress, path: string): Promise<Uint8Array> {
  const answer = await send(address, path, {})
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer())
  throw new AppError('unprocessable', `The server answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
}
