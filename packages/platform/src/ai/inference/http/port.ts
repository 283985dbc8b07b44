// The HTTP port of the protocol: guard, body with its limit and coding, answer; every failure in the protocol's own shape.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { freeBytes } from '../../../kernel/free-bytes.ts'
import type { Logger } from '../../../kernel/ports.ts'
import { newTraceId } from '../../../kernel/trace.ts'
import { invalid, TritonError } from '../protocol/triton-error.ts'
import { emptyAnswer, type KserveAnswer, type KserveCall } from './call.ts'
import { decodeBody, encodeBody, wantedCoding } from './content-coding.ts'
import { checkCaller, type GuardOptions } from './guard.ts'
import { answerCall, errorAnswer, type RouteParts } from './routes.ts'

/** What the port takes. */
export interface KservePortOptions {
  readonly guard: GuardOptions
  readonly maxBodyBytes: number
  readonly log: Logger
}

const maxPathLength = 2048
const smallBytes = 1024

/** The segments of a path below `/v2`. @throws TritonError when it is another path or badly encoded */
export function segmentsOf(url: string): readonly string[] {
  const pathname = url.split('?')[0] ?? ''
  if (pathname.length > maxPathLength) throw invalid('the path is too long')
  const [, root, ...rest] = pathname.replace(/\/+$/, '').split('/')
  if (root !== 'v2') throw new TritonError('NOT_FOUND', 'the inference protocol lives under /v2')
  try {
    return rest.map(decodeURIComponent)
  } catch (cause) {
    throw invalid('the path is not well encoded', { cause })
  }
}

// Into memory of its own, so that tensors in it can be used where they are.
function readAnnounced(request: IncomingMessage, announced: number): Promise<Uint8Array> {
  const body = Buffer.allocUnsafeSlow(announced) // refused unless it is filled
  const state = { size: 0 }
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      body.set(chunk, state.size) // Node ends a body at its announced length
      state.size += chunk.length
      freeBytes(chunk)
    })
    request.once('end', () => resolve(body))
    request.once('error', reject)
    request.once('close', () => {
      if (state.size < announced) reject(invalid('the body ends before its Content-Length'))
    })
  })
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const tooLarge = (): TritonError => new TritonError('TOO_LARGE', `the body is larger than ${maxBytes} bytes`)
  if (announced > maxBytes) throw tooLarge()
  if (announced > 0) return readAnnounced(request, announced)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

async function send(request: IncomingMessage, response: ServerResponse, answer: KserveAnswer): Promise<void> {
  const size = answer.parts.reduce((sum, part) => sum + part.byteLength, 0)
  const coding = size < smallBytes ? undefined : wantedCoding(String(request.headers['accept-encoding'] ?? ''))
  const parts = coding === undefined ? answer.parts : [await encodeBody(Buffer.concat(answer.parts), coding)]
  if (response.destroyed) return
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': parts.reduce((sum, part) => sum + part.byteLength, 0),
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
    // What was refused early may still be on its way in.
    ...(request.complete ? {} : { connection: 'close' }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.cork() // headers and parts leave in one piece
  for (const part of parts) response.write(part)
  response.end(answer.free)
  response.uncork()
}

async function answer(parts: RouteParts, options: KservePortOptions, request: IncomingMessage, signal: AbortSignal) {
  try {
    checkCaller(request, options.guard)
    const path = segmentsOf(request.url ?? '/')
    const raw = await readBody(request, options.maxBodyBytes)
    const body = await decodeBody(raw, request.headers['content-encoding'], options.maxBodyBytes)
    const call: KserveCall = {
      method: request.method ?? 'GET',
      path,
      headers: request.headers,
      body,
      signal,
      allow: () => undefined, // who reaches this port may do everything
    }
    return await answerCall(parts, call)
  } catch (error) {
    if (!(error instanceof TritonError)) options.log.error('inference.http.failed', { traceId: newTraceId(), error })
    return signal.aborted ? emptyAnswer(499) : errorAnswer(error)
  }
}

/** Creates the listener of the port. */
export function kserveListener(parts: RouteParts, options: KservePortOptions): RequestListener {
  return (request, response) => {
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    answer(parts, options, request, gone.signal)
      .then((told) => send(request, response, told))
      .catch((error: unknown) => {
        options.log.error('inference.http.failed', { error })
        response.destroy()
      })
  }
}
