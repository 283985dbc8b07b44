// Blobs on disk: a key is a path below one folder; a blob is there whole and on the platter, or not at all.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import type { Blobs, ByteRange } from '../../kernel/ports.ts'

const maxKeyLength = 512
const maxSegments = 16
// No dot at the start: neither `..` nor our own folder of unfinished files can be named.
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
const unfinished = '.unfinished'
const chunkBytes = 1_048_576

function pathOf(folder: string, key: string): string {
  const segments = key.split('/')
  const isValid =
    key.length <= maxKeyLength && segments.length <= maxSegments && segments.every((part) => segment.test(part))
  if (isValid) return join(folder, ...segments)
  throw new AppError(
    'invalid-parameter',
    `A blob's key is made of up to ${maxSegments} parts of letters, digits, '.', '_' and '-', separated by '/'`,
  )
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** Makes a folder and flushes every folder that got a new entry by it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
}

async function* chunksOf(body: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body
  else yield* body
}

async function writeAll(
  file: FileHandle,
  body: AsyncIterable<Uint8Array> | Uint8Array,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of chunksOf(body)) {
    hash.update(chunk)
    for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten
    sizeBytes += chunk.byteLength
  }
  await file.sync()
  return { sizeBytes, sha256: hash.digest('hex') }
}

// Large chunks: an image of half a megabyte is one read.
function streamOf(file: FileHandle, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  if (range === undefined) return createReadStream('', { fd: file, highWaterMark: chunkBytes })
  const { start, end } = range
  return createReadStream('', { fd: file, start, end: end - 1, highWaterMark: chunkBytes })
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}

/** Opens the blobs of a folder; what a crash left unfinished is removed. */
export async function openDiskBlobs(folder: string): Promise<Blobs> {
  const workFolder = join(folder, unfinished)
  await makeFolder(workFolder)
  for (const name of await readdir(workFolder)) await rm(join(workFolder, name), { force: true })

  return {
    async put(key, body) {
      const path = pathOf(folder, key)
      const temporary = join(workFolder, randomUUID())
      const file = await open(temporary, 'wx', 0o600)
      try {
        const written = await writeAll(file, body).finally(() => file.close())
        await makeFolder(dirname(path))
        await rename(temporary, path)
        await syncFolder(dirname(path))
        return written
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    },
    async get(key, range) {
      const path = pathOf(folder, key)
      try {
        const file = await open(path, 'r')
        if ((await file.stat()).isFile()) return streamOf(file, range)
        await file.close()
      } catch (error) {
        if (!isAbsent(error)) throw error
      }
      return undefined
    },
    async has(key) {
      return stat(pathOf(folder, key)).then(
        (found) => found.isFile(),
        (error: unknown) => {
          if (isAbsent(error)) return false
          throw error
        },
      )
    },
    async delete(key) {
      const path = pathOf(folder, key)
      await rm(path, { force: true })
      await syncFolder(dirname(path)).catch((error: unknown) => {
        if (!isAbsent(error)) throw error
      })
    },
  }
}
