// The secrets of a system: made once, kept in the data folder for its owner alone, and derived from one shared key.
import { hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Secrets that all processes of a system share. */
export interface SystemKeys {
  /** Signs callers between processes. */
  readonly internal: Uint8Array
  /** Signs the positions of pages. */
  readonly cursor: Uint8Array
  /** Seals what the identity service keeps. */
  readonly identity: Uint8Array
  /** Lets whoever holds it write the keys below `xinglin/` of our registry where that wants no token. */
  readonly registry: string
}

const keyBytes = 32

async function readOrMake(folder: string): Promise<string> {
  const path = join(folder, 'internal.key')
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (known !== undefined) return known.trim()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const made = randomBytes(keyBytes).toString('base64url')
  const fresh = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  const file = await open(fresh, 'wx', 0o600)
  await file.writeFile(`${made}\n`)
  await file.sync()
  await file.close()
  try {
    await link(fresh, path) // of several processes that start at once one gives the key
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readFile(path, 'utf8')).trim()
  } finally {
    await rm(fresh, { force: true })
  }
}

/** The keys of a system: from the given secret, else from the data folder. */
export async function systemKeys(dataFolder: string, given: string | undefined): Promise<SystemKeys> {
  const secret = given ?? (await readOrMake(join(dataFolder, 'keys')))
  const derive = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, 'xinglin', purpose, keyBytes))
  return {
    internal: derive('internal token'),
    cursor: derive('page cursor'),
    identity: derive('identity'),
    registry: Buffer.from(derive('registry keys')).toString('base64url'),
  }
}
