// Bodies as text: only what is plain, well-formed UTF-8, because a guess at other bytes would be stored as if it had been said.
import { isUtf8 } from 'node:buffer'
import { AppError } from '@xinglin/core/errors'

/** The text of a body. @throws AppError 'malformed-body' when the bytes are not UTF-8 */
export function textOf(body: Buffer): string {
  if (isUtf8(body)) return body.toString('utf8')
  throw new AppError('malformed-body', 'The body is not valid UTF-8; send the text in that encoding')
}

/** Says whether a body would have to be decompressed, which nobody here does. */
export function isCompressed(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity'
}
