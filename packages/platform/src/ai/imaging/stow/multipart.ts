// Reads a multipart/related body (RFC 2046, RFC 2387) as it arrives: part by part, chunk by chunk, nothing kept. A chunk, given
// or taken, is looked at only until the next is asked for.
import { AppError } from '@xinglin/core/errors'

/** One part; its body must be read before the next part is asked for, or it is skipped. */
export interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: AsyncIterable<Uint8Array>
}

interface Source {
  buffer: Buffer
  readonly chunks: AsyncIterator<Uint8Array>
  isEnded: boolean
}

const maxHeaderBytes = 8192
const blankLine = Buffer.from('\r\n\r\n')

function malformed(what: string): AppError {
  return new AppError('malformed-body', `The multipart body is not readable: ${what}`)
}

async function fill(source: Source): Promise<void> {
  source.buffer = Buffer.from(source.buffer) // a copy: the chunk it lies in is gone with the next
  const { value, done } = await source.chunks.next()
  if (done === true) source.isEnded = true
  else source.buffer = Buffer.concat([source.buffer, value])
}

// A delimiter may lie across two chunks. Where it does not, the chunks are not copied together: bodies are large.
async function* seam(source: Source, delimiter: Buffer): AsyncGenerator<Uint8Array> {
  const tail = Buffer.from(source.buffer) // a copy, as in fill
  source.buffer = tail
  const { value, done } = await source.chunks.next()
  if (done === true) {
    source.isEnded = true
    return
  }
  const across = Buffer.concat([tail, value.subarray(0, delimiter.length)])
  if (value.length < delimiter.length || across.includes(delimiter)) {
    source.buffer = Buffer.concat([tail, value])
    return
  }
  source.buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (tail.length > 0) yield tail
}

// Everything up to the delimiter, which is consumed; the last bytes wait, for they may begin a delimiter.
async function* upTo(source: Source, delimiter: Buffer): AsyncGenerator<Uint8Array> {
  for (;;) {
    const at = source.buffer.indexOf(delimiter)
    if (at !== -1) {
      const rest = source.buffer.subarray(0, at)
      source.buffer = source.buffer.subarray(at + delimiter.length)
      if (rest.length > 0) yield rest
      return
    }
    const safe = source.buffer.length - delimiter.length + 1
    if (safe > 0) {
      const ready = source.buffer.subarray(0, safe)
      source.buffer = source.buffer.subarray(safe)
      yield ready
    }
    if (source.isEnded) throw malformed('it ends before its closing boundary')
    yield* seam(source, delimiter)
  }
}

async function readHeaders(source: Source): Promise<ReadonlyMap<string, string>> {
  const parts: Uint8Array[] = []
  let size = 0
  // A part without headers begins with the blank line itself.
  source.buffer = Buffer.concat([Buffer.from('\r\n'), source.buffer])
  for await (const part of upTo(source, blankLine)) {
    parts.push(Buffer.from(part))
    size += part.length
    if (size > maxHeaderBytes) throw malformed('a part has longer headers than are read')
  }
  const lines = Buffer.concat(parts).toString('latin1').split('\r\n')
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const]
    }),
  )
}

// After a boundary: `--` ends the whole, a line end begins a part.
async function isLast(source: Source): Promise<boolean> {
  for (;;) {
    const text = source.buffer.subarray(0, 256).toString('latin1')
    if (text.startsWith('--')) return true
    const [padding = ''] = /^[ \t]*\r\n/.exec(text) ?? []
    if (padding !== '') {
      source.buffer = source.buffer.subarray(padding.length)
      return false
    }
    if (source.isEnded || source.buffer.length >= 256) throw malformed('a boundary is followed by something else')
    await fill(source)
  }
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of body);
}

/** The boundary of a content type; undefined when it has none that may be used. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  return quoted ?? plain
}

/**
 * The parts of a body.
 * @throws AppError 'malformed-body' when the body is no multipart of this boundary or breaks off
 */
export async function* multipartParts(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const source: Source = { buffer: Buffer.from('\r\n'), chunks: body[Symbol.asyncIterator](), isEnded: false }
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  await drain(upTo(source, delimiter)) // the preamble
  while (!(await isLast(source))) {
    const headers = await readHeaders(source)
    const content = upTo(source, delimiter)
    yield { headers, body: content }
    await drain(content)
  }
}
