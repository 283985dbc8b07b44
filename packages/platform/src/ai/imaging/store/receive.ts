// Takes DICOM objects as they arrive: headers are read first, bytes go to one blob as they came, nothing unreadable is kept.
import { createHash } from 'node:crypto'
import { inflateRawSync, constants as zlib } from 'node:zlib'
import { readHeader } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import { freeBytes } from '../../../kernel/free-bytes.ts'
import type { Blobs } from '../../../kernel/ports.ts'
import { type CatalogueEntry, catalogueEntry } from '../catalogue/entry.ts'

/** One object on its way in; its bytes are read once. */
export type Incoming = AsyncIterable<Uint8Array>

/** An object that was taken: what the index will say of it, and where its bytes lie. */
export interface Received extends CatalogueEntry {
  readonly sha256: string
  readonly blob: string
  readonly blobStart: number
  readonly sizeBytes: number
}

/** An object that was not taken. */
export interface Refused {
  readonly sopUid: string | undefined
  readonly sopClass: string | undefined
  readonly error: AppError
}

/** What came of a request's objects. */
export interface Reception {
  readonly received: readonly Received[]
  readonly refused: readonly Refused[]
}

/** What receiving takes. */
export interface ReceiveOptions {
  readonly blobs: Blobs
  /** Key of the blob that is written. */
  readonly blob: string
  readonly maxInstanceBytes: number
  readonly maxInstances: number
  /** A text that nobody can know before. */
  readonly mark: string
  /** The study that all objects must belong to. */
  readonly studyUid?: string
}

// The header, with all but the pixels, must lie in the first bytes of a file.
const headBytes = 4_194_304
const maxInflatedBytes = 16_777_216

/** Inflates the beginning of a deflated data set: enough for its header, never more than 16 MiB. */
export function inflateHead(deflated: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(deflated, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: maxInflatedBytes })
  } catch (cause) {
    throw new AppError('unprocessable', 'The file cannot be inflated, or is larger than is read', { cause })
  }
}

interface Head {
  /** Only until the next head is read. */
  readonly bytes: Buffer
  readonly isWhole: boolean
}

type HeadReader = (chunks: AsyncIterator<Uint8Array>) => Promise<Head>

// Most slices of a CT fit; what does not makes it larger.
const firstHeadBytes = 1_048_576

// One memory for all objects of a request: half a megabyte of garbage for each would cost more than storing them.
function createHeadReader(): { readonly read: HeadReader; readonly free: () => void } {
  const state = { memory: Buffer.allocUnsafeSlow(firstHeadBytes), size: 0 }
  const makeRoom = (bytes: number): void => {
    if (state.size + bytes <= state.memory.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * state.memory.length, state.size + bytes))
    state.memory.copy(larger, 0, 0, state.size)
    freeBytes(state.memory)
    state.memory = larger
  }
  const headOf = (isWhole: boolean): Head => ({ bytes: state.memory.subarray(0, state.size), isWhole })
  return {
    async read(chunks) {
      state.size = 0
      while (state.size < headBytes) {
        const { value, done } = await chunks.next()
        if (done === true) return headOf(true)
        makeRoom(value.length)
        state.memory.set(value, state.size)
        state.size += value.length
      }
      return headOf(false)
    },
    free: () => freeBytes(state.memory),
  }
}

function entryOf({ bytes, isWhole }: Head, { mark, studyUid }: ReceiveOptions): CatalogueEntry {
  const totalBytes = isWhole ? bytes.length : Number.MAX_SAFE_INTEGER
  const entry = catalogueEntry(readHeader(bytes, { totalBytes, inflate: inflateHead }), mark)
  const { pixelStart, pixelBytes } = entry.instance
  if (isWhole && (pixelStart ?? 0) + (pixelBytes ?? 0) > bytes.length) {
    throw new AppError('unprocessable', 'The file ends in the middle of its pixels')
  }
  if (studyUid === undefined || studyUid === entry.study.studyUid) return entry
  throw new AppError('business-rule', 'The object belongs to another study than the address says')
}

function identityOf({ bytes, isWhole }: Head): { sopUid: string | undefined; sopClass: string | undefined } {
  try {
    const totalBytes = isWhole ? bytes.length : Number.MAX_SAFE_INTEGER
    const { sopInstance, sopClass } = readHeader(bytes, { totalBytes, inflate: inflateHead })
    return { sopUid: sopInstance, sopClass }
  } catch (error) {
    if (error instanceof AppError) return { sopUid: undefined, sopClass: undefined } // not even that could be read
    throw error
  }
}

async function skip(chunks: AsyncIterator<Uint8Array>): Promise<void> {
  while ((await chunks.next()).done !== true);
}

interface Notes {
  readonly received: Received[]
  readonly refused: Refused[]
}

// Yields the bytes of all objects that are taken, one after the other, and notes where each lies.
async function* accepted(
  incoming: AsyncIterable<Incoming>,
  options: ReceiveOptions,
  notes: Notes,
): AsyncGenerator<Uint8Array> {
  const heads = createHeadReader()
  let at = 0
  for await (const body of incoming) {
    if (notes.received.length + notes.refused.length >= options.maxInstances) {
      throw new AppError('too-large', `A request may hold ${options.maxInstances} objects at most`)
    }
    const chunks = body[Symbol.asyncIterator]()
    const head = await heads.read(chunks)
    let entry: CatalogueEntry
    try {
      entry = entryOf(head, options)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      notes.refused.push({ ...identityOf(head), error })
      await skip(chunks)
      continue
    }
    const hash = createHash('sha256')
    let sizeBytes = 0
    for (let chunk: Uint8Array | undefined = head.bytes; chunk !== undefined; ) {
      hash.update(chunk)
      sizeBytes += chunk.length
      if (sizeBytes > options.maxInstanceBytes) {
        throw new AppError('too-large', `An object may have ${options.maxInstanceBytes} bytes at most`)
      }
      yield chunk
      const next = head.isWhole ? undefined : await chunks.next()
      chunk = next === undefined || next.done === true ? undefined : next.value
    }
    notes.received.push({ ...entry, sha256: hash.digest('hex'), blob: options.blob, blobStart: at, sizeBytes })
    at += sizeBytes
  }
  heads.free()
}

/**
 * Takes the objects; when this resolves, the bytes of those received are durable.
 * @throws AppError 'too-large' or 'malformed-body' for the request as a whole; then nothing was kept
 */
export async function receive(incoming: AsyncIterable<Incoming>, options: ReceiveOptions): Promise<Reception> {
  const notes: Notes = { received: [], refused: [] }
  const bytes = accepted(incoming, options, notes)
  const first = await bytes.next()
  if (first.done === true) return notes // nothing to keep, so no blob
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value
    yield* bytes
  }
  await options.blobs.put(options.blob, all())
  return notes
}
