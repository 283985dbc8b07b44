// Remembers what of a file the server has acknowledged, by content, so that an import that was interrupted or partly refused goes on.
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The journal of one file. */
export interface Journal {
  /** Whether an earlier run has this content; each of its acknowledgements is good for one. */
  take(key: string): boolean
  /** What was taken stays known to further runs. */
  keep(key: string): void
  markDone(key: string): Promise<void>
  close(): Promise<void>
  /** The file was read to its end: what is not in it any more is forgotten. */
  finish(): Promise<void>
  /** Forgets the file, once the whole import is through: a further import starts anew. */
  forget(): Promise<void>
}

/** Opens the journal of a file for a server. What the file holds may have changed: it is known by its content. */
export async function openJournal(folder: string, path: string, serverUrl: string): Promise<Journal> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const name = createHash('sha256')
    .update(`${serverUrl}\0${resolve(path)}`)
    .digest('hex')
    .slice(0, 24)
  const place = join(folder, `${name}.keys`)
  const earlier = await readFile(place, 'utf8').catch(() => '')
  const left = new Map<string, number>()
  // A line cut by a crash has no line end and does not count.
  for (const key of earlier.split('\n').slice(0, -1)) left.set(key, (left.get(key) ?? 0) + 1)
  const known: string[] = []
  const handle: FileHandle = await open(place, 'a', 0o600)
  if (earlier !== '' && !earlier.endsWith('\n')) await handle.write('\n')
  return {
    take(key) {
      const count = left.get(key) ?? 0
      if (count > 0) left.set(key, count - 1)
      return count > 0
    },
    keep: (key) => void known.push(key),
    async markDone(key) {
      known.push(key)
      await handle.write(`${key}\n`)
    },
    close: () => handle.close(),
    async finish() {
      await writeFile(`${place}.new`, known.map((key) => `${key}\n`).join(''), { mode: 0o600 })
      await rename(`${place}.new`, place)
    },
    forget: () => rm(place, { force: true }),
  }
}
