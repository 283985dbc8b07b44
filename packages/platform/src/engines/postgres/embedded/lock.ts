// One server per data folder: a lock file naming the process that holds it, told from a later process with the same id.
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { ownIdentity, type ProcessIdentity, stillRuns } from './process-identity.ts'

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity
  } catch {
    return undefined // gone, or cut off by a crash while it was written
  }
}

async function writeLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(JSON.stringify(await ownIdentity()))
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
    if (holder !== undefined && (await stillRuns(holder))) {
      throw new AppError(
        'conflict',
        `Another server (process ${holder.pid}) runs on ${folder}; stop it or choose another data folder (XINGLIN_DATA)`,
      )
    }
    await rm(path, { force: true })
  }
  throw new AppError('conflict', `The lock ${path} could not be taken; another server is starting there`)
}
