// A small body of a request that may be sent again, read before the first attempt: a target that dies in the middle costs nobody anything.
import type { IncomingMessage } from 'node:http'
import { isIdempotent } from './forward.ts'

const maxKeptBytes = 65_536

/**
 * Reads it; undefined when it is large, of unknown length, or of a request that is not to be repeated: a change that asks
 * for a certain version (If-Match) would be refused the second time although the first one was done.
 */
export async function keptBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const { headers } = request
  const length = Number(headers['content-length'] ?? 0)
  const isSmall = length > 0 && length <= maxKeptBytes && headers['transfer-encoding'] === undefined
  if (!isSmall || !isIdempotent(request) || headers['if-match'] !== undefined) return undefined
  const chunks: Buffer[] = []
  request.on('error', () => undefined) // heard below, but perhaps told again once nobody reads any more
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined // the client went away, which the response tells too
  }
  return Buffer.concat(chunks)
}
