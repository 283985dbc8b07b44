// The data folder of this process: made for its user alone, and refused in plain words when it cannot be used.
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { AppError } from '@xinglin/core/errors'
import { accountName } from '../engines/postgres/index.ts'

/** The refusal of a data folder that this user may not read or write. */
export async function anothersFolder(dataFolder: string): Promise<AppError> {
  const owner = await stat(dataFolder).then(
    ({ uid }) => accountName(uid),
    () => 'another user',
  )
  return new AppError(
    'forbidden',
    `The data in ${dataFolder} belongs to ${owner}: run this as ${owner}, or use another data folder (XINGLIN_DATA)`,
  )
}

/**
 * Makes the folder where it is missing.
 * @throws AppError when it cannot be made, or belongs to somebody else
 */
export async function openDataFolder(dataFolder: string): Promise<void> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    const why = `The data folder ${dataFolder} cannot be made (${cause.code}): use another one (XINGLIN_DATA)`
    throw new AppError('unavailable', why, { cause })
  })
  await access(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK).catch(async () => {
    throw await anothersFolder(dataFolder)
  })
}
