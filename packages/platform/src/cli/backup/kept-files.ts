// The files of a backup besides the rows: copied as streams, each with its SHA-256 in one list that `sha256sum -c` reads too.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { mkdir, open, readdir, readFile, realpath, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@xinglin/core/errors'
import { isBelow, isInside } from './inside.ts'

/** A file of a backup. */
export interface KeptFile {
  /** From the folder of the backup (and from the data folder) on, with slashes: `blobs/ab/cd`. */
  readonly path: string
  /** Hex. */
  readonly sha256: string
}

/** The list of them, as the manifest names it. */
export interface KeptList {
  readonly file: string
  readonly count: number
  /** Of the list itself, hex. */
  readonly sha256: string
}

const listName = 'files.sha256'
// Blobs lie there until they are whole; one that a crash cut off stays.
const unfinished = '.unfinished'

/** Flushes a file to the disk. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** What a walk through a folder takes. */
interface Walk {
  /** The folder as it really is: links that lead out of it are not followed, as nothing here serves what lies there. */
  readonly root: string
  /** The folders above, as they really are: a link to one of them has no end. */
  readonly above: readonly string[]
  readonly onSkipped: (path: string) => void
}

async function* filesIn(folder: string, path: string, walk: Walk): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const [from, to] = [join(folder, entry.name), `${path}/${entry.name}`]
    if (entry.name === unfinished) continue
    if (entry.isFile()) yield to
    else if (entry.isDirectory()) yield* filesIn(from, to, { ...walk, above: [...walk.above, from] })
    else if (entry.isSymbolicLink()) yield* linked(from, to, walk)
  }
}

async function* linked(from: string, path: string, walk: Walk): AsyncGenerator<string> {
  const real = await realpath(from).catch(() => undefined)
  const found = real === undefined ? undefined : await stat(real)
  if (real === undefined || !real.startsWith(walk.root + sep) || walk.above.includes(real)) walk.onSkipped(path)
  else if (found?.isFile() === true) yield path
  else if (found?.isDirectory() === true) yield* filesIn(real, path, { ...walk, above: [...walk.above, real] })
}

// The paths of all files below `folder` of a place, in a stable order; none when the folder is absent.
async function* filesBelow(place: string, folder: string, onSkipped: (path: string) => void): AsyncGenerator<string> {
  const root = await realpath(join(place, folder)).catch((error: unknown) => {
    if (isGone(error)) return undefined
    throw error
  })
  if (root !== undefined) yield* filesIn(root, folder, { root, above: [root], onSkipped })
}

function passing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
}

/** Writes a file durably, with its folders; gives back its SHA-256 in hex. */
export async function writeKept(source: AsyncIterable<Uint8Array>, to: string, mode: number): Promise<string> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  await pipeline(source, passing(hash), createWriteStream(to, { mode: mode & 0o777 }))
  await flush(to)
  return hash.digest('hex')
}

async function copyFile(from: string, to: string, { mode, atime, mtime }: Stats): Promise<string> {
  const sha256 = await writeKept(createReadStream(from), to, mode)
  await utimes(to, atime, mtime)
  return sha256
}

/** Copies what lies below the folders of one place to the same paths of another; gives back what was copied. */
export async function copyFolders(
  from: string,
  to: string,
  folders: readonly string[],
  onSkipped: (path: string) => void = () => undefined,
): Promise<readonly KeptFile[]> {
  const copied: KeptFile[] = []
  for (const folder of folders) {
    for await (const path of filesBelow(from, folder, onSkipped)) {
      // A blob may be deleted while this runs.
      const found = await stat(join(from, path)).catch((error: unknown) => {
        if (isGone(error)) return undefined
        throw error
      })
      if (found !== undefined) copied.push({ path, sha256: await copyFile(join(from, path), join(to, path), found) })
    }
  }
  return copied
}

// As GNU's sha256sum writes it: a name with a line end or a backslash has these escaped, and the line begins with one.
function lineOf({ path, sha256 }: KeptFile): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}\n`
}

const unescaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\\': '\\' }

function fileOf(line: string): KeptFile | undefined {
  const [, mark, sha256, name] = /^(\\?)([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
  if (sha256 === undefined || name === undefined) return undefined
  const path = mark === '' ? name : name.replace(/\\([nr\\])/g, (_all, sign: string) => unescaped[sign] ?? '')
  return isInside(path) ? { path, sha256 } : undefined
}

/** Writes the list into the folder of the backup. */
export async function writeList(folder: string, files: readonly KeptFile[]): Promise<KeptList> {
  const text = files.map(lineOf).join('')
  await writeFile(join(folder, listName), text, { mode: 0o600 })
  await flush(join(folder, listName))
  return { file: listName, count: files.length, sha256: createHash('sha256').update(text).digest('hex') }
}

async function sumOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/**
 * Reads the list and the sum of every file on it.
 * @throws AppError 'invalid-request' for the first that is missing, was changed, or lies outside the folders of the backup
 */
export async function checkList(
  folder: string,
  { sha256 }: KeptList,
  folders: readonly string[],
): Promise<readonly KeptFile[]> {
  const text = await readFile(join(folder, listName), 'utf8').catch(() => '')
  if (createHash('sha256').update(text).digest('hex') !== sha256)
    throw new AppError('invalid-request', `${listName} of the backup is missing or was changed`)
  const files = text
    .split('\n')
    .slice(0, -1)
    .map((line) => fileOf(line))
  for (const file of files) {
    if (file === undefined)
      throw new AppError('invalid-request', `${listName} of the backup has a line that cannot be read`)
    if (!isBelow(file.path, folders))
      throw new AppError('invalid-request', `${file.path} of the backup lies in none of its folders`)
    const found = await sumOf(join(folder, file.path))
    if (found === file.sha256) continue
    const what = found === undefined ? 'is missing' : 'was changed: its SHA-256 is not the one of the list'
    throw new AppError('invalid-request', `${file.path} of the backup ${what}`)
  }
  return files.filter((file) => file !== undefined)
}

/** Copies the files of a list to the same paths of another place. @throws AppError when one was changed meanwhile */
export async function copyListed(from: string, to: string, files: readonly KeptFile[]): Promise<void> {
  for (const { path, sha256 } of files) {
    const copied = await copyFile(join(from, path), join(to, path), await stat(join(from, path)))
    if (copied !== sha256) throw new AppError('invalid-request', `${path} of the backup was changed while it was read`)
  }
}
