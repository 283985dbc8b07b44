// Reads a small body whole, as JSON or as a form in the way curl sends it to Kong.
import type { IncomingMessage } from 'node:http'
import qs from 'qs'
import type { SentFields } from './fields.ts'
import { KongError } from './kong-error.ts'

const maxBodyBytes = 262_144

/** Reads at most `limit` bytes; undefined when there are more. */
export async function readBody(request: IncomingMessage, limit = maxBodyBytes): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseForm(text: string): SentFields {
  const values = qs.parse(text, { allowDots: true, depth: 4, parameterLimit: 500, arrayLimit: 200 })
  return { values, isForm: true }
}

function parseJson(text: string): SentFields {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { values: value as Readonly<Record<string, unknown>>, isForm: false }
    }
  } catch (cause) {
    throw Object.assign(new KongError(400, { message: 'Cannot parse JSON body' }), { cause })
  }
  throw new KongError(400, { message: 'Cannot parse JSON body' })
}

/** The fields of an admin call. @throws KongError 400, 413 or 415 */
export async function readFields(request: IncomingMessage): Promise<SentFields> {
  const body = await readBody(request)
  if (body === undefined) throw new KongError(413, { message: 'Payload too large' })
  const text = body.toString('utf8')
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (text === '') return { values: {}, isForm: false }
  if (type === 'application/json') return parseJson(text)
  if (type === 'application/x-www-form-urlencoded') return parseForm(text)
  throw new KongError(415, { message: 'Unsupported Media Type: send application/json or a form' })
}
