// Reads a request's body whole, within its limit.
import type { IncomingMessage } from 'node:http'
import { badRequest, ConsulError } from '../consul-error.ts'

/** Largest value of a key, as Consul's. */
export const maxValueBytes = 524_288
/** Largest body of any other call. */
export const maxBodyBytes = 65_536

const maxDepth = 12

function tooLarge(limit: number): ConsulError {
  return new ConsulError(413, `Request body too large, max size: ${limit} bytes`, { connection: 'close' })
}

/** Reads at most `limit` bytes. @throws ConsulError 413 */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (isText && char === '\\') at++
    else if (char === '"') isText = !isText
    else if (!isText && (char === '{' || char === '[')) deepest = Math.max(deepest, ++depth)
    else if (!isText && (char === '}' || char === ']')) depth--
  }
  return deepest
}

/** Reads a body of JSON; an empty one is undefined. @throws ConsulError 400 or 413 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request, maxBodyBytes)
  if (bytes.length === 0) return undefined
  const text = decode(bytes)
  if (depthOf(text) > maxDepth) throw badRequest(`Request decode failed: JSON is nested deeper than ${maxDepth}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw Object.assign(badRequest('Request decode failed: the body is not valid JSON'), { cause })
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw Object.assign(badRequest('Request decode failed: the body is not UTF-8'), { cause })
  }
}
