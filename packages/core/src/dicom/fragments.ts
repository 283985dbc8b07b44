// Compressed pixels as they lie in a file (PS3.5 annex A.4): an offset table, then fragments; a frame is one or more of them.
import { AppError } from '../errors/index.ts'

/** A run of bytes. */
interface Run {
  readonly start: number
  readonly end: number
}

interface Fragments {
  /** Where the first fragment's item begins: offsets of the table count from there. */
  readonly firstItem: number
  readonly offsets: readonly number[]
  readonly runs: readonly Run[]
}

const itemTag = 0xe000fffe // (FFFE,E000) read as one little-endian number
const endTag = 0xe0ddfffe // (FFFE,E0DD)
const itemHeaderBytes = 8
const maxFragments = 200_000
const jpegStart = [0xff, 0xd8]
const codestreamStart = [0xff, 0x4f]

function damaged(): AppError {
  return new AppError('unprocessable', 'The compressed pixels of the file are damaged: its fragments do not add up')
}

function readFragments(bytes: Uint8Array, offset: number): Fragments {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const runs: Run[] = []
  let at = offset
  while (at + itemHeaderBytes <= bytes.length && runs.length <= maxFragments) {
    const tag = view.getUint32(at, true)
    if (tag === endTag) break
    const start = at + itemHeaderBytes
    const end = start + view.getUint32(at + 4, true)
    if (tag !== itemTag || end > bytes.length) throw damaged()
    runs.push({ start, end })
    at = end
  }
  const [table, ...fragments] = runs
  if (table === undefined || fragments.length === 0 || runs.length > maxFragments) throw damaged()
  const offsets = Array.from({ length: Math.floor((table.end - table.start) / 4) }, (_none, index) =>
    view.getUint32(table.start + index * 4, true),
  )
  return { firstItem: table.end, offsets, runs: fragments }
}

function beginsLike(bytes: Uint8Array, { start }: Run, magic: readonly number[]): boolean {
  return magic.every((value, index) => bytes[start + index] === value)
}

// Which fragments begin a frame: those that the table names; without one, each, unless only some begin like an image.
function frameStarts(bytes: Uint8Array, { offsets, runs, firstItem }: Fragments, frames: number): readonly number[] {
  if (frames === 1) return [0]
  if (offsets.length === frames) {
    const found = offsets.map((offset) => runs.findIndex(({ start }) => start - itemHeaderBytes === firstItem + offset))
    if (found.every((index) => index !== -1)) return found
  }
  if (runs.length === frames) return runs.map((_run, index) => index)
  const starts = runs.flatMap((run, index) =>
    beginsLike(bytes, run, jpegStart) || beginsLike(bytes, run, codestreamStart) ? [index] : [],
  )
  if (starts.length !== frames) throw damaged()
  return starts
}

function joined(bytes: Uint8Array, runs: readonly Run[]): Uint8Array {
  const [only] = runs
  if (only !== undefined && runs.length === 1) return bytes.subarray(only.start, only.end)
  const whole = new Uint8Array(runs.reduce((sum, { start, end }) => sum + end - start, 0))
  let at = 0
  for (const { start, end } of runs) {
    whole.set(bytes.subarray(start, end), at)
    at += end - start
  }
  return whole
}

/**
 * The compressed frames of a file, in order.
 * @param offset of the pixel data's value in `bytes`
 * @param frames how many there are
 * @throws AppError 'unprocessable' when the fragments do not add up to so many frames
 */
export function compressedFrames(bytes: Uint8Array, offset: number, frames: number): readonly Uint8Array[] {
  const fragments = readFragments(bytes, offset)
  const starts = frameStarts(bytes, fragments, frames)
  return starts.map((start, index) => joined(bytes, fragments.runs.slice(start, starts[index + 1])))
}
