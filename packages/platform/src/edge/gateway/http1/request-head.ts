// Writes the head of a request to a service (RFC 9112, 3; pure).
import { AppError } from '@xinglin/core/errors'
import type { Fields } from './answer-parser.ts'

/** How its body is told from what follows: already in the headers, by chunks, or by a length of nothing. */
export type BodyMark = 'as-said' | 'chunked' | 'empty'

// Anything else could end the line or the request, or is no text of HTTP.
const unfitTarget = /[^\x21-\x7e\x80-\xff]/
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/
const marks: Readonly<Record<BodyMark, string>> = {
  'as-said': '',
  chunked: 'transfer-encoding: chunked\r\n',
  empty: 'content-length: 0\r\n',
}

function line(name: string, value: string): string {
  if (unfitValue.test(value)) throw new AppError('invalid-request', `The header ${name} cannot be sent on`)
  return `${name}: ${value}\r\n`
}

/** The head as Latin-1 text, with the empty line. `target` is path and query. @throws AppError 'invalid-request' for text that HTTP cannot carry */
export function requestHead(method: string, target: string, fields: Fields, body: BodyMark): string {
  if (unfitTarget.test(target)) throw new AppError('invalid-request', 'The address cannot be sent on')
  let text = `${method} ${target} HTTP/1.1\r\n`
  for (let at = 0; at < fields.length; at += 2) text += line(fields[at] ?? '', fields[at + 1] ?? '')
  return `${text}${marks[body]}\r\n`
}
