// Remembers which units of which file the server has acknowledged, so that an interrupted import goes on where it was.
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFile } from './read.ts'

/** The journal of one file. */
export interface Journal {
  isDone(unit: number): boolean
  readonly done: number
  markDone(unit: number): Promise<void>
  close(): Promise<void>
  /** Forgets the file, once the whole import is through: a further import starts anew. */
  forget(): Promise<void>
}

/** Opens the journal of a file for a server; a file that was changed since has another journal. */
export async function openJournal(folder: string, file: SourceFile, serverUrl: string): Promise<Journal> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const identity = [serverUrl, file.path, file.sizeBytes, file.changedMs].join('\0')
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 24)
  const path = join(folder, `${key}.units`)
  const earlier = await readFile(path, 'utf8').catch(() => '')
  // A line cut by a crash has no line end and does not count.
  const lines = earlier.split('\n').slice(0, -1)
  const done = new Set(lines.map(Number).filter(Number.isInteger))
  const handle: FileHandle = await open(path, 'a', 0o600)
  if (earlier !== '' && !earlier.endsWith('\n')) await handle.write('\n')
  return {
    isDone: (unit) => done.has(unit),
    get done() {
      return done.size
    },
    async markDone(unit) {
      done.add(unit)
      await handle.write(`${unit}\n`)
    },
    close: () => handle.close(),
    forget: () => rm(path, { force: true }),
  }
}
