// The folder that a backup is written to: for one backup alone, and what is said when it cannot be written.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'

// There until the manifest is: of two backups that begin at once, one makes it.
const claimName = 'unfinished'

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code
const taken = (folder: string): AppError =>
  new AppError('conflict', `${folder} is not empty; a backup wants a folder of its own`)

/** Makes the folder where it is missing and takes it. @throws AppError 'conflict' when anything lies in it */
export async function claimFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw taken(folder)
  await writeFile(join(folder, claimName), '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    throw codeOf(error) === 'EEXIST' ? taken(folder) : error
  })
}

/** The backup is whole. */
export const leaveFolder = (folder: string): Promise<void> => rm(join(folder, claimName), { force: true })

const unwritable: ReadonlySet<unknown> = new Set(['EACCES', 'EEXIST', 'EFBIG', 'EIO', 'ENOTDIR', 'EPERM', 'EROFS'])
const full: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** What stopped a backup, in words where it is the disk; anything else as it is. */
export function inWords(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (error instanceof AppError || !(full.has(code) || unwritable.has(code))) return error
  const why = full.has(code) ? 'no space is left' : `it cannot be written (${String(code)})`
  const sentence = `The backup to ${folder} stopped: ${why}. What lies there is no backup; delete it`
  return new AppError('unavailable', sentence, { cause: error })
}
