// Writes the head of a request to a service (RFC 9112, 3; pure).
import { AppError } from '@xinglin/core/errors'
import type { Fields } from './answer-parser.ts'

/** The line that tells a body of unknown length from what follows it. */
export const chunkedLine = 'transfer-encoding: chunked\r\n'

// Anything else could end the line or the request, or is no text of HTTP.
const unfitTarget = /[^\x21-\x7e\x80-\xff]/
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/

function unfitName(fields: Fields): string {
  const at = fields.findIndex((value, index) => index % 2 === 1 && unfitValue.test(value))
  return fields[at - 1] ?? ''
}

/** The line for a body of so many bytes. */
export const lengthLine = (bytes: number): string => `content-length: ${bytes}\r\n`

/**
 * The head as Latin-1 text, with the empty line. `target` is path and query; `framing` the line that marks the body, or
 * nothing where `fields` do. @throws AppError 'invalid-request' for text that HTTP cannot carry
 */
export function requestHead(method: string, target: string, fields: Fields, framing: string): string {
  if (unfitTarget.test(target)) throw new AppError('invalid-request', 'The address cannot be sent on')
  let text = `${method} ${target} HTTP/1.1\r\n`
  let values = '' // one look at all of them
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1] ?? ''
    values += value
    text += `${fields[at] ?? ''}: ${value}\r\n`
  }
  if (unfitValue.test(values))
    throw new AppError('invalid-request', `The header ${unfitName(fields)} cannot be sent on`)
  return `${text}${framing}\r\n`
}
