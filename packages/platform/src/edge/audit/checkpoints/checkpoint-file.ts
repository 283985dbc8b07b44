// The file of checkpoints outside the database: one line each, appended and synced, never rewritten. A line that a crash
// cut short is dropped before the next one is appended; its checkpoint was not yet relied on by anyone.
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Checkpoint, parseLine } from './checkpoint.ts'
import { syncFolder } from './signing-key.ts'

/** Name of the file within the folder of the trail. */
export const checkpointFileName = 'checkpoints.ndjson'

/** A line of the file. */
export interface FileLine {
  /** From 1. */
  readonly line: number
  /** Undefined when the line is no checkpoint. */
  readonly checkpoint: Checkpoint | undefined
}

/** Where the file ends. */
export interface FileEnd {
  /** The last complete line, when it is a checkpoint. */
  readonly last: Checkpoint | undefined
  /** Bytes up to and with the last line feed. */
  readonly completeBytes: number
  /** Whether something follows: a line that a crash cut short. */
  readonly isTorn: boolean
}

// A line has some 450 bytes; what is longer than the limit is no checkpoint.
const maxLineBytes = 8192
const lineFeed = 0x0a

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function readTail(handle: FileHandle, size: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
  return buffer.subarray(0, bytesRead)
}

async function readEnd(handle: FileHandle): Promise<FileEnd> {
  const { size } = await handle.stat()
  for (let length = Math.min(size, maxLineBytes); ; length = Math.min(size, length * 16)) {
    const tail = await readTail(handle, size, length)
    const end = tail.lastIndexOf(lineFeed)
    const begin = end <= 0 ? -1 : tail.lastIndexOf(lineFeed, end - 1)
    const isWhole = length === size
    if (end === -1 && isWhole) return { last: undefined, completeBytes: 0, isTorn: size > 0 }
    if (end === -1 || (begin === -1 && !isWhole)) continue
    return {
      last: parseLine(tail.subarray(begin + 1, end).toString('utf8')),
      completeBytes: size - length + end + 1,
      isTorn: end + 1 < tail.length,
    }
  }
}

/** Where the file of a folder ends. */
export async function checkpointFileEnd(folder: string): Promise<FileEnd> {
  const path = join(folder, checkpointFileName)
  if ((await sizeOf(path)) === 0) return { last: undefined, completeBytes: 0, isTorn: false }
  const handle = await open(path, 'r')
  return readEnd(handle).finally(() => handle.close())
}

/**
 * Appends lines and syncs them to disk; a torn last line is cut off before.
 * @returns whether there was a torn line
 */
export async function appendLines(folder: string, lines: readonly string[]): Promise<boolean> {
  const path = join(folder, checkpointFileName)
  const isNew = (await sizeOf(path)) === 0
  const handle = await open(path, 'a+', 0o644)
  try {
    const { completeBytes, isTorn } = await readEnd(handle)
    if (isTorn) await handle.truncate(completeBytes)
    await handle.appendFile(lines.map((line) => `${line}\n`).join(''))
    await handle.datasync()
    if (isNew) await syncFolder(folder)
    return isTorn
  } finally {
    await handle.close()
  }
}

async function* linesOf(path: string, bytes: number): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest.subarray(0, maxLineBytes), chunk])
    for (let end = rest.indexOf(lineFeed); end !== -1; end = rest.indexOf(lineFeed)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
  }
}

/**
 * Reads the lines of the file in their order, in bounded memory, up to an end that was looked up before: the sealer may
 * append meanwhile.
 */
export async function* readCheckpointFile(folder: string, end: FileEnd): AsyncGenerator<FileLine> {
  let line = 0
  if (end.completeBytes > 0) {
    for await (const text of linesOf(join(folder, checkpointFileName), end.completeBytes)) {
      line += 1
      yield { line, checkpoint: parseLine(text) }
    }
  }
}
