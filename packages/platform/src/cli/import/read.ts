// Reads files and folders of records as a stream of units: NDJSON, JSON, and both gzipped.
import { createReadStream } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import { type StableIds, stableIds } from './stable-ids.ts'
import { entriesOf, gather, isUnit, type KeyedEntry, type Unit } from './units.ts'

/** A file to import. */
export interface SourceFile {
  readonly path: string
  readonly name: string
  readonly sizeBytes: number
}

// A JSON file is parsed whole; larger collections come as NDJSON, which streams.
const maxJsonBytes = 512 * 1024 * 1024

/** Lists the files at a path (a file, or a folder searched to the bottom), in a stable order. */
export async function listSources(path: string): Promise<readonly SourceFile[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new AppError('not-found', `There is no file or folder at ${path}`)
  if (found.isFile()) return [{ path, name: basename(path), sizeBytes: found.size }]
  const files: SourceFile[] = []
  for await (const entry of await opendir(path, { recursive: true })) {
    if (!entry.isFile() || !/\.(json|ndjson|jsonl)(\.gz)?$/i.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    files.push({ path: file, name: relative(path, file), sizeBytes: (await stat(file)).size })
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What reading gives: something to send, or why there is nothing. */
export type Piece = ({ readonly unit: Unit } | { readonly refusal: string }) & {
  /** How much of the file it is, 0 to 1; the pieces of a file add up to at most 1. */
  readonly share: number
}

interface OpenFile {
  readonly input: NodeJS.ReadableStream
  /** How much of the file is behind, 0 to 1, when so many bytes of its (unpacked) text are. */
  readonly shareAt: (bytes: number) => number
}

function open({ path, sizeBytes }: SourceFile): OpenFile {
  const raw = createReadStream(path)
  if (!path.endsWith('.gz')) return { input: raw, shareAt: (bytes) => bytes / sizeBytes }
  const unzipped = createGunzip()
  let unpackedBytes = 0
  unzipped.on('data', (chunk: Buffer) => {
    unpackedBytes += chunk.length
  })
  raw.on('error', (error) => unzipped.destroy(error))
  const shareAt = (bytes: number): number => ((bytes / unpackedBytes) * unzipped.bytesWritten) / sizeBytes
  return { input: raw.pipe(unzipped), shareAt }
}

function parse(json: string, source: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new AppError('malformed-body', `${source}: not JSON (${(error as Error).message})`)
  }
}

async function firstLine(file: SourceFile): Promise<string> {
  const lines = createInterface({ input: open(file).input, crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of lines) {
    if (line.trim() === '') continue
    lines.close()
    return line.trim()
  }
  return ''
}

// One JSON value a line, as NDJSON and mongoexport write it, or one value over the whole file.
async function isLineByLine(file: SourceFile): Promise<boolean> {
  const line = await firstLine(file)
  if (!line.startsWith('{')) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

type Item = ({ readonly made: Unit | KeyedEntry } | { readonly refusal: string }) & {
  /** How much of the file is behind after it, 0 to 1. */
  readonly behind: number
  readonly sizeBytes: number
}

function itemOf(
  value: () => unknown,
  source: string,
  ids: StableIds,
): { made: Unit | KeyedEntry } | { refusal: string } {
  try {
    return { made: entriesOf(value(), source, ids) }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { message } = error
    return { refusal: message.startsWith(`${source}:`) ? message : `${source}: ${message}` }
  }
}

async function* readLines(file: SourceFile, ids: StableIds): AsyncGenerator<Item> {
  const state = { number: 0, bytes: 0 }
  const { input, shareAt } = open(file)
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    state.number += 1
    const sizeBytes = Buffer.byteLength(line) + 1
    state.bytes += sizeBytes
    if (line.trim() === '') continue
    const source = `${file.name}:${state.number}`
    yield { ...itemOf(() => parse(line, source), source, ids), behind: shareAt(state.bytes), sizeBytes }
  }
}

async function* readWhole(file: SourceFile, ids: StableIds): AsyncGenerator<Item> {
  if (file.sizeBytes > maxJsonBytes)
    throw new AppError('too-large', `${file.name} is larger than 512 MB: export it as NDJSON, one record a line`)
  const value = parse(await text(open(file).input), file.name)
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  const sizeBytes = file.sizeBytes / items.length
  for (const [index, item] of items.entries()) {
    const behind = (index + 1) / items.length
    yield { ...itemOf(() => item, `${file.name}[${index}]`, ids), behind, sizeBytes }
  }
}

// Where a unit ends is decided by its last entry's content, so that a line more or less moves the ends of its neighbours only.
const fewest = 64
const most = 400
const meanBeyondFewest = 128
const mostBytes = 8_000_000

function isFull(waiting: readonly KeyedEntry[], bytes: number): boolean {
  const { length } = waiting
  const last = Number.parseInt(waiting.at(-1)?.key.slice(0, 6) ?? '1', 16)
  return length >= most || bytes >= mostBytes || (length >= fewest && last % meanBeyondFewest === 0)
}

/** Reads a file; the same content gives the same units in the same order. */
export async function* readUnits(file: SourceFile): AsyncGenerator<Piece> {
  const ids = stableIds(file.name)
  const items = (await isLineByLine(file)) ? readLines(file, ids) : readWhole(file, ids)
  const state = { behind: 0, told: 0, bytes: 0 }
  let waiting: KeyedEntry[] = []
  const share = (): number => {
    const more = state.behind - state.told
    state.told = state.behind
    return more
  }
  for await (const item of items) {
    state.behind = Math.min(1, Math.max(state.behind, item.behind))
    if ('refusal' in item) {
      yield { refusal: item.refusal, share: share() }
    } else if (isUnit(item.made)) {
      yield { unit: item.made, share: share() }
    } else {
      waiting.push(item.made)
      state.bytes += item.sizeBytes
      if (!isFull(waiting, state.bytes)) continue
      yield { unit: gather(waiting), share: share() }
      waiting = []
      state.bytes = 0
    }
  }
  if (waiting.length > 0) yield { unit: gather(waiting), share: share() }
}
