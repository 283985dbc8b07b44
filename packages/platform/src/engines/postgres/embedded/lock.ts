// One server per data folder: a lock file naming the process that holds it, told from a later process with the same id.
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'

interface Holder {
  readonly pid: number
  /** Start time of the process in clock ticks, where the system tells it (Linux). */
  readonly startedAt?: string
}

/** Says whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

// Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces, so count from its closing bracket.
async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    return undefined // gone, or cut off by a crash while it was written
  }
}

async function holds(holder: Holder): Promise<boolean> {
  if (!isAlive(holder.pid)) return false
  const startedAt = await startTime(holder.pid)
  return holder.startedAt === undefined || startedAt === undefined || holder.startedAt === startedAt
}

async function writeLock(path: string): Promise<boolean> {
  const startedAt = await startTime(process.pid)
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(JSON.stringify({ pid: process.pid, startedAt }))
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Takes the lock of a folder; a lock left by a dead process is taken over.
 * @returns a function that gives it back
 * @throws AppError 'conflict' when a living process holds it
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock.json')
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await writeLock(path)) return () => rm(path, { force: true })
    const holder = await readHolder(path)
    if (holder !== undefined && (await holds(holder))) {
      throw new AppError(
        'conflict',
        `Another server (process ${holder.pid}) runs on ${folder}; stop it or choose another data folder (XINGLIN_DATA)`,
      )
    }
    await rm(path, { force: true })
  }
  throw new AppError('conflict', `The lock ${path} could not be taken; another server is starting there`)
}
