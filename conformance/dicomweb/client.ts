// Speaks DICOMweb with the server under test: plain HTTP, so that any server can be asked.
import type { DicomJson } from '@xinglin/core/dicom/image'

/** The server under test. */
export interface Target {
  /** DICOMweb base without a slash at its end. */
  readonly base: string
  readonly token?: string | undefined
  /** Sent as the gateway would, where the service itself is asked. */
  readonly internalToken?: string
}

/** An answer. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly bytes: Buffer
  readonly headers: Headers
  json(): unknown
}

/** A client of one target. */
export interface Client {
  get(path: string, accept?: string): Promise<Reply>
  store(files: readonly Uint8Array[], path?: string): Promise<Reply>
  post(path: string, contentType: string, body: string): Promise<Reply>
  /** The results of a search; empty for 204 and for an empty list. */
  search(path: string): Promise<readonly DicomJson[]>
}

const boundary = 'conformance-boundary'
const limitMs = 60_000

function multipart(files: readonly Uint8Array[]): Buffer {
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
  return Buffer.concat([
    ...files.flatMap((file) => [head, file, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
}

/** The parts of a multipart answer. */
export function partsOf({ type, bytes }: Reply): readonly Buffer[] {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(type) ?? []
  const delimiter = `--${quoted ?? plain ?? 'none'}`
  const pieces = bytes.toString('latin1').split(delimiter).slice(1, -1)
  return pieces.map((piece) => Buffer.from(piece.slice(piece.indexOf('\r\n\r\n') + 4, -2), 'latin1'))
}

/** Creates the client. */
export function createClient({ base, token, internalToken }: Target): Client {
  const send = async (path: string, init: RequestInit): Promise<Reply> => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(internalToken === undefined ? {} : { 'x-xinglin-caller': internalToken }),
      ...init.headers,
    }
    const answer = await fetch(`${base}${path}`, { ...init, headers, signal: AbortSignal.timeout(limitMs) })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const type = answer.headers.get('content-type') ?? ''
    return { status: answer.status, type, bytes, headers: answer.headers, json: () => JSON.parse(bytes.toString()) }
  }
  const post = (path: string, contentType: string, body: string | Buffer): Promise<Reply> =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': contentType, accept: 'application/dicom+json' },
      body: body as string,
    })
  return {
    post,
    get: (path, accept = 'application/dicom+json') => send(path, { headers: { accept } }),
    store: (files, path = '/studies') =>
      post(path, `multipart/related; type="application/dicom"; boundary=${boundary}`, multipart(files)),
    async search(path) {
      const reply = await send(path, { headers: { accept: 'application/dicom+json' } })
      return reply.status === 204 ? [] : (reply.json() as readonly DicomJson[])
    },
  }
}
