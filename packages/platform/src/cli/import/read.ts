// Reads files and folders of records as a stream of units: NDJSON, JSON, and both gzipped.
import { createReadStream, type Stats } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import type { BundleEntry } from '@xinglin/core/fhir'
import { entriesOf, gather, isUnit, type Unit } from './units.ts'

/** A file to import. */
export interface SourceFile {
  readonly path: string
  readonly name: string
  readonly sizeBytes: number
  /** When it was last changed, ms. */
  readonly changedMs: number
}

// A JSON file is parsed whole; larger collections come as NDJSON, which streams.
const maxJsonBytes = 512 * 1024 * 1024
const entriesPerUnit = 200

function sourceOf(path: string, name: string, found: Stats): SourceFile {
  return { path, name, sizeBytes: found.size, changedMs: found.mtimeMs }
}

/** Lists the files at a path (a file, or a folder searched to the bottom), in a stable order. */
export async function listSources(path: string): Promise<readonly SourceFile[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new AppError('not-found', `There is no file or folder at ${path}`)
  if (found.isFile()) return [sourceOf(path, basename(path), found)]
  const files: SourceFile[] = []
  for await (const entry of await opendir(path, { recursive: true })) {
    if (!entry.isFile() || !/\.(json|ndjson|jsonl)(\.gz)?$/i.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    files.push(sourceOf(file, relative(path, file), await stat(file)))
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** How much of a file has been read, 0 to 1; kept up to date by {@link readUnits}. */
export interface ReadMeter {
  share: number
}

interface OpenFile {
  readonly input: NodeJS.ReadableStream
  /** Bytes of the file (compressed ones, where it is) that were read until now. */
  readonly bytesRead: () => number
}

function open(file: SourceFile): OpenFile {
  const raw = createReadStream(file.path)
  const bytesRead = (): number => raw.bytesRead
  if (!file.path.endsWith('.gz')) return { input: raw, bytesRead }
  const unzipped = createGunzip()
  raw.on('error', (error) => unzipped.destroy(error))
  return { input: raw.pipe(unzipped), bytesRead }
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

async function* readLines(file: SourceFile, meter: ReadMeter): AsyncGenerator<Unit | BundleEntry> {
  let number = 0
  const { input, bytesRead } = open(file)
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    meter.share = bytesRead() / file.sizeBytes
    const source = `${file.name}:${number}`
    if (line.trim() !== '') yield entriesOf(parse(line, source), source)
  }
}

async function* readWhole(file: SourceFile, meter: ReadMeter): AsyncGenerator<Unit | BundleEntry> {
  if (file.sizeBytes > maxJsonBytes)
    throw new AppError('too-large', `${file.name} is larger than 512 MB: export it as NDJSON, one record a line`)
  const value = parse(await text(open(file).input), file.name)
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const [index, item] of items.entries()) {
    meter.share = index / items.length
    yield entriesOf(item, `${file.name}[${index}]`)
  }
}

/** Reads the units of a file; the same file gives the same units in the same order. */
export async function* readUnits(file: SourceFile, meter: ReadMeter): AsyncGenerator<Unit> {
  const items = (await isLineByLine(file)) ? readLines(file, meter) : readWhole(file, meter)
  let waiting: BundleEntry[] = []
  for await (const item of items) {
    if (isUnit(item)) yield item
    else waiting.push(item)
    if (waiting.length < entriesPerUnit) continue
    yield gather(waiting)
    waiting = []
  }
  if (waiting.length > 0) yield gather(waiting)
}
