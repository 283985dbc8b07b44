// Takes the chunked coding off a body (RFC 9112, 7.1; pure). Extensions and trailers are read and dropped.
import { AnswerFault } from './answer-fault.ts'

type Expected = 'size' | 'data' | 'data-end' | 'trailer'

const sizeLine = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i
const maxLineBytes = 4096
const maxTrailerLines = 100
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The decoder of one body. */
export class ChunkedBody {
  #expected: Expected = 'size'
  #left = 0
  #line = ''
  #trailerLines = 0

  /** Hands on the bytes of the body; says whether it is complete. @throws AnswerFault when the coding is broken, or bytes follow */
  push(bytes: Buffer, data: (part: Buffer) => void): boolean {
    let at = 0
    while (at < bytes.length) {
      if (this.#expected === 'data') {
        const part = bytes.subarray(at, at + this.#left)
        at += part.length
        this.#left -= part.length
        if (this.#left === 0) this.#expected = 'data-end'
        data(part)
        continue
      }
      const end = bytes.indexOf(lineFeed, at)
      this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (this.#line.length > maxLineBytes) throw new AnswerFault('a line of its chunks is too long')
      if (end === -1) return false
      at = end + 1
      if (!this.#takeLine()) continue
      if (at < bytes.length) throw new AnswerFault('more came after its last chunk')
      return true
    }
    return false
  }

  // Says whether it was the last line.
  #takeLine(): boolean {
    if (this.#line.charCodeAt(this.#line.length - 1) !== carriageReturn) {
      throw new AnswerFault('a line of its chunks has no proper end')
    }
    const line = this.#line.slice(0, -1)
    this.#line = ''
    if (line.includes('\r')) throw new AnswerFault('a line of its chunks has no proper end')
    switch (this.#expected) {
      case 'size':
        this.#beginChunk(line)
        return false
      case 'data-end':
        if (line !== '') throw new AnswerFault('a chunk is longer than it says')
        this.#expected = 'size'
        return false
      default:
        this.#trailerLines += 1
        if (this.#trailerLines > maxTrailerLines) throw new AnswerFault('it has too many trailers')
        return line === ''
    }
  }

  #beginChunk(line: string): void {
    const size = sizeLine.exec(line)?.[1]
    if (size === undefined) throw new AnswerFault('a chunk has no size')
    this.#left = Number.parseInt(size, 16)
    this.#expected = this.#left === 0 ? 'trailer' : 'data'
  }
}
