// The bytes of stored instances: whole, in part, or several as one multipart answer.
import { randomUUID } from 'node:crypto'
import type { Blobs, ByteRange } from '../../../kernel/ports.ts'
import type { StoredInstance } from './instance-store.ts'

/** A body that is written as it is read. */
export interface StreamedBody {
  readonly contentType: string
  readonly sizeBytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** A part of a multipart body. */
export interface OutgoingPart {
  readonly contentType: string
  readonly location?: string
  readonly sizeBytes: number
  readonly read: () => AsyncIterable<Uint8Array>
}

/** Streams the bytes of an instance, or a stretch of them. */
export async function* instanceChunks(
  blobs: Blobs,
  { blob, blobStart, sizeBytes, sopUid }: StoredInstance,
  range: ByteRange = { start: 0, end: sizeBytes },
): AsyncGenerator<Uint8Array> {
  const wanted = range.end - range.start
  const chunks = await blobs.get(blob, { start: blobStart + range.start, end: blobStart + range.end })
  let size = 0
  if (chunks !== undefined) {
    for await (const chunk of chunks) {
      size += chunk.length
      yield chunk
    }
  }
  if (size !== wanted) throw new Error(`The blob ${blob} gave ${size} bytes of ${sopUid} where ${wanted} are due`)
}

/** Reads an instance, or a stretch of it, into memory. */
export async function instanceBytes(blobs: Blobs, instance: StoredInstance, range?: ByteRange): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of instanceChunks(blobs, instance, range)) chunks.push(chunk)
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return Buffer.from(only.buffer, only.byteOffset, only.byteLength)
  return Buffer.concat(chunks)
}

function headOf(boundary: string, { contentType, location, sizeBytes }: OutgoingPart): Buffer {
  const lines = [
    `--${boundary}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${sizeBytes}`,
    ...(location === undefined ? [] : [`Content-Location: ${location}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Writes parts as multipart/related (RFC 2387). */
export function multipartBody(rootType: string, parts: readonly OutgoingPart[]): StreamedBody {
  const boundary = randomUUID()
  const heads = parts.map((part) => headOf(boundary, part))
  const end = Buffer.from(`--${boundary}--\r\n`)
  const lineEnd = Buffer.from('\r\n')
  const write = async function* (): AsyncGenerator<Uint8Array> {
    for (const [index, part] of parts.entries()) {
      yield heads[index] ?? Buffer.alloc(0)
      yield* part.read()
      yield lineEnd
    }
    yield end
  }
  const headBytes = heads.reduce((sum, { length }) => sum + length, 0)
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes + lineEnd.length, headBytes + end.length)
  return { contentType: `multipart/related; type="${rootType}"; boundary=${boundary}`, sizeBytes, chunks: write() }
}

/** A part, or body, of bytes in memory. */
export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
