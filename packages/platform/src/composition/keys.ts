// The secrets of a system: made once, kept in the data folder for its owner alone, and derived from one shared key.
import { hkdfSync, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
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
  const fresh = `${path}.${process.pid}`
  const file = await open(fresh, 'w', 0o600)
  await file.writeFile(`${made}\n`)
  await file.sync()
  await file.close()
  await rename(fresh, path)
  return made
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
