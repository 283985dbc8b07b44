// Holds a request's body to its limit: at once by its length, else while it streams.
import type { IncomingMessage } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import type { BodyShare } from './body-budget.ts'

/** Limits of a body. */
export interface BodyLimit {
  readonly maxBytes: number
  readonly isLengthRequired: boolean
  /** What it takes of the room for all bodies. */
  readonly share: BodyShare
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too-large', `The body is larger than ${maxBytes} bytes; send it in parts`)
}

/** Says whether a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Refuses a body that announces more than the limit; one without length is counted as it comes, and whoever reads the
 * request then gets the refusal as the stream's error.
 * @throws AppError 'too-large', 'unavailable' (no room), 'invalid-request' (a length is required) or 'not-implemented' (a coding)
 */
export function limitBody(request: IncomingMessage, limit: BodyLimit): void {
  const { headers } = request
  const length = headers['content-length']
  if (length !== undefined && Number(length) > limit.maxBytes) throw tooLarge(limit.maxBytes)
  if (length !== undefined && length !== '0') limit.share.take(Number(length))
  const coding = headers['transfer-encoding']
  if (coding === undefined) return
  // Only chunked is taken off (RFC 9112, 6.1); what else is on the body would pass without its name.
  if (coding.toLowerCase() !== 'chunked')
    throw new AppError('not-implemented', 'Send the body with Transfer-Encoding: chunked alone, or with Content-Length')
  if (limit.isLengthRequired) throw new AppError('invalid-request', 'Send the header Content-Length with a body')
  const push = request.push.bind(request)
  let size = request.readableLength // came while the credential was looked up
  if (size > limit.maxBytes) throw tooLarge(limit.maxBytes)
  limit.share.take(size)
  let refusal: unknown
  // The parser hands every chunk to push; a chunk beyond the limit goes no further, and the socket keeps draining. Neither
  // does the end: whoever begins to read later must not take what was let through for the whole.
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (refusal !== undefined) return true
    if (chunk === null) return push(chunk, encoding)
    size += chunk.length
    refusal = size > limit.maxBytes ? tooLarge(limit.maxBytes) : refusalOf(limit.share, chunk.length)
    if (refusal === undefined) return push(chunk, encoding)
    tellReader(request, refusal)
    return true
  }
}

// At once, or as soon as somebody listens: a request may still wait for its connection to a service.
function tellReader(request: IncomingMessage, refusal: unknown): void {
  if (request.listenerCount('error') > 0) {
    request.emit('error', refusal)
    return
  }
  const onListener = (event: string | symbol): void => {
    if (event !== 'error') return
    request.off('newListener', onListener)
    process.nextTick(() => tellReader(request, refusal))
  }
  request.on('newListener', onListener)
}

function refusalOf(share: BodyShare, bytes: number): unknown {
  try {
    share.take(bytes)
    return undefined
  } catch (error) {
    return error
  }
}
