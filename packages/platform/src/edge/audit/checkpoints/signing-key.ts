// The key that signs checkpoints: Ed25519, outside the database, made at the first start, for its owner alone.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'

/** The key pair of a folder. */
export interface SigningKeys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public key as PEM. */
  readonly publicPem: string
}

const privateName = 'signing-key.pem'
const publicName = 'public-key.pem'

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

async function readIfAny(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
}

/** Makes what was renamed, created or linked in a folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

// Complete or not there at all, and never over an existing one: two processes that start together agree on one key.
async function createOnce(folder: string, name: string, text: string, mode: number): Promise<void> {
  const draft = join(folder, `.${name}.${randomUUID()}`)
  const handle = await open(draft, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await link(draft, join(folder, name)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
  await rm(draft)
  await syncFolder(folder)
}

function readKey<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `${path} holds no key; put it back from a backup, or move it away with the file of checkpoints`,
      {
        cause,
      },
    )
  }
}

/**
 * Opens the key of a folder; creates folder and key where there are none.
 * @throws AppError 'unavailable' that says what is wrong with folder or key
 */
export async function openSigningKeys(folder: string): Promise<SigningKeys> {
  try {
    return await openOrCreate(folder)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw new AppError('unavailable', `The folder of the audit trail cannot be used (${code}): ${folder}`, { cause })
  }
}

async function openOrCreate(folder: string): Promise<SigningKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, privateName)
  if ((await readIfAny(path)) === undefined) {
    const { privateKey } = generateKeyPairSync('ed25519')
    await createOnce(folder, privateName, String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 0o600)
  }
  const stored = await readFile(path, 'utf8')
  const privateKey = readKey(path, () => createPrivateKey(stored))
  const publicKey = createPublicKey(privateKey)
  const publicPem = String(publicKey.export({ type: 'spki', format: 'pem' }))
  await createOnce(folder, publicName, publicPem, 0o644)
  return { privateKey, publicKey, publicPem }
}

/** The public key of a folder; undefined when there is none. */
export async function readPublicKey(folder: string): Promise<KeyObject | undefined> {
  const path = join(folder, publicName)
  const pem = await readIfAny(path)
  return pem === undefined ? undefined : readKey(path, () => createPublicKey(pem))
}
