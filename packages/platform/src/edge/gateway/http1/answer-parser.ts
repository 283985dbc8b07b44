// Reads HTTP/1.1 answers from a connection as their bytes come (RFC 9112; pure). What can be read in two ways is refused,
// so that the gateway and a service never disagree on where an answer ends.
import { AnswerFault } from './answer-fault.ts'
import { ChunkedBody } from './chunked-body.ts'

/** Names (lower case) and values in turn, as they came. */
export type Fields = readonly string[]

/** Told the parts of an answer in order; `head` may come several times with a status below 200 before the one that counts. */
export interface AnswerReader {
  head(status: number, reason: string, fields: Fields): void
  data(chunk: Buffer): void
}

interface Framing {
  readonly kind: 'none' | 'length' | 'chunked' | 'until-close'
  /** Bytes of the body, where `kind` is length. */
  readonly length: number
}

const headEnd = Buffer.from('\r\n\r\n')
const maxHeadBytes = 65_536
const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: (.*))?$/
const [nul, lineFeed, carriageReturn] = [0, 10, 13]
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const lengthValue = /^\d{1,15}$/
const none: Framing = { kind: 'none', length: 0 }

/** The value of a field; several are joined with commas, undefined when there is none. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  let found: string | undefined
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] === name) found = found === undefined ? fields[at + 1] : `${found}, ${fields[at + 1]}`
  }
  return found
}

// Only pairs of both end a line; a loop over the bytes costs a third of what a pattern does.
function hasLonelyBreak(bytes: Buffer, end: number): boolean {
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? nul
    if (byte > carriageReturn) continue
    if (byte === nul || (byte === lineFeed && bytes[at - 1] !== carriageReturn)) return true
    if (byte === carriageReturn && bytes[at + 1] !== lineFeed) return true
  }
  return false
}

// Optional white space is a blank or a tab; other spaces are part of a value.
function withoutSpace(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start += 1
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1
  return text.slice(start, end)
}

function parseFields(text: string, from: number): Fields {
  const fields: string[] = []
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    const stop = end === -1 ? text.length : end
    const colon = text.indexOf(':', at)
    const name = colon === -1 || colon > stop ? '' : text.slice(at, colon)
    if (!fieldName.test(name)) throw new AnswerFault('a header has no valid name')
    fields.push(name.toLowerCase(), withoutSpace(text, colon + 1, stop))
    at = stop + 2
  }
  return fields
}

function lengthOf(value: string): number {
  if (!lengthValue.test(value)) throw new AnswerFault('its Content-Length is not one number')
  return Number(value)
}

function framingOf(status: number, isOld: boolean, fields: Fields): Framing {
  if (status < 200 || status === 204 || status === 304) return none
  const coding = fieldOf(fields, 'transfer-encoding')
  const length = fieldOf(fields, 'content-length')
  if (coding !== undefined) {
    const isReadable = coding.toLowerCase() === 'chunked' && length === undefined && !isOld
    if (!isReadable) throw new AnswerFault('its end cannot be told')
    return { kind: 'chunked', length: 0 }
  }
  if (length === undefined) return { kind: 'until-close', length: 0 }
  return { kind: 'length', length: lengthOf(length) }
}

function keepsOpen(isOld: boolean, fields: Fields): boolean {
  const said = fieldOf(fields, 'connection')?.toLowerCase()
  if (said === undefined || said === 'keep-alive') return said !== undefined || !isOld
  const options = said.split(',')
  const says = (option: string): boolean => options.some((one) => one.trim() === option)
  return isOld ? says('keep-alive') : !says('close')
}

/** The parser of one connection. A class, because every request passes through it. */
export class AnswerParser {
  /** Whether the answer is complete; none is expected at first. */
  isDone = true
  /** Whether any byte of the present answer has come. */
  hasBegun = false
  /** Whether the connection may carry another request after this answer. */
  isKept = false
  /** Seconds for which the service keeps an idle connection, where it says so. */
  keptSeconds: number | undefined
  #reader: AnswerReader | undefined
  #isHead = false
  #framing: Framing | undefined
  #left = 0
  #pending: Buffer | undefined
  #chunks: ChunkedBody | undefined

  /** Expects the answer to a request. */
  expect(method: string, reader: AnswerReader): void {
    this.isDone = false
    this.hasBegun = false
    this.isKept = false
    this.keptSeconds = undefined
    this.#reader = reader
    this.#isHead = method === 'HEAD'
    this.#framing = undefined
    this.#pending = undefined
    this.#chunks = undefined
  }

  /** Takes bytes that came. @throws AnswerFault when they are no answer, or more than one */
  push(chunk: Buffer): void {
    this.hasBegun = true
    let rest: Buffer | undefined = chunk
    while (this.#framing === undefined && rest !== undefined && !this.isDone) rest = this.#readHead(rest)
    if (rest !== undefined && rest.length > 0) this.#readBody(rest)
  }

  /** The other side will send no more. @throws AnswerFault when the answer is not complete */
  end(): void {
    if (this.isDone) return
    if (this.#framing?.kind !== 'until-close')
      throw new AnswerFault('the connection closed before its end', 'ECONNRESET')
    this.isDone = true
  }

  // Returns what follows the head; undefined while the head is not complete.
  #readHead(chunk: Buffer): Buffer | undefined {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk])
    const end = bytes.indexOf(headEnd)
    if (end > maxHeadBytes || (end === -1 && bytes.length > maxHeadBytes)) throw new AnswerFault('its head is too long')
    if (end === -1) {
      this.#pending = bytes
      return undefined
    }
    this.#pending = undefined
    if (hasLonelyBreak(bytes, end)) throw new AnswerFault('its head has a line break of the wrong kind')
    this.#beginAnswer(bytes.toString('latin1', 0, end))
    return bytes.length === end + headEnd.length ? undefined : bytes.subarray(end + headEnd.length)
  }

  #beginAnswer(text: string): void {
    const lineEnd = text.indexOf('\r\n')
    const [, minor, code, reason = ''] = statusLine.exec(lineEnd === -1 ? text : text.slice(0, lineEnd)) ?? []
    if (code === undefined) throw new AnswerFault('it has no status line of HTTP/1')
    const status = Number(code)
    if (status === 101) throw new AnswerFault('it switches to a protocol nobody asked for')
    const fields = lineEnd === -1 ? [] : parseFields(text, lineEnd + 2)
    if (status < 200) {
      this.#reader?.head(status, reason, fields)
      return
    }
    const isOld = minor === '0'
    const framing = framingOf(status, isOld, fields)
    this.#framing = this.#isHead ? none : framing
    this.#left = this.#framing.length
    if (this.#framing.kind === 'chunked') this.#chunks = new ChunkedBody()
    this.isDone = this.#framing.kind === 'none' || (this.#framing.kind === 'length' && this.#left === 0)
    this.isKept = this.#framing.kind !== 'until-close' && keepsOpen(isOld, fields)
    const hint = fieldOf(fields, 'keep-alive')
    const seconds = hint === undefined ? undefined : /timeout=(\d{1,6})/i.exec(hint)?.[1]
    if (seconds !== undefined) this.keptSeconds = Number(seconds)
    this.#reader?.head(status, reason, fields)
  }

  #readBody(bytes: Buffer): void {
    if (this.isDone) throw new AnswerFault('more came than was asked for')
    const reader = this.#reader as AnswerReader
    if (this.#chunks !== undefined) {
      this.isDone = this.#chunks.push(bytes, (part) => reader.data(part))
      return
    }
    if (this.#framing?.kind === 'length') {
      if (bytes.length > this.#left) throw new AnswerFault('more came than its Content-Length says')
      this.#left -= bytes.length
      this.isDone = this.#left === 0
    }
    reader.data(bytes)
  }
}
