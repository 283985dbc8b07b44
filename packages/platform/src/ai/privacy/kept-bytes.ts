// Bytes on their way into blobs: noted before they are written, so that an interruption leaves nothing behind for ever.
import { AppError } from '@xinglin/core/errors'
import type { PrivacyParts } from './parts.ts'
import { storedBytes } from './store/context-store.ts'
import { forgetLoose, noteLoose, oldLoose } from './store/vector-store.ts'
import type { KeptBytes } from './types.ts'

const bytesOfMb = 1_048_576

/** @throws AppError 'too-large' when the caller has no room left */
export async function demandRoom({ sql, settings }: PrivacyParts, owner: string, sizeBytes: number): Promise<void> {
  const most = settings.maxStoredMb * bytesOfMb
  const stored = await storedBytes(sql, owner)
  if (stored + sizeBytes <= most) return
  throw new AppError(
    'too-large',
    `You have ${Math.ceil(stored / bytesOfMb)} MB of ${settings.maxStoredMb} MB stored: remove contexts or vectors that are of no use any more`,
  )
}

/** Writes bytes; a row must name them and claim them in one transaction, else they are swept away. */
export async function keepBytes({ sql, blobs }: PrivacyParts, blob: string, bytes: Uint8Array): Promise<KeptBytes> {
  await noteLoose(sql, [blob])
  const { sizeBytes, sha256 } = await blobs.put(blob, bytes)
  return { blob, sizeBytes, sha256 }
}

/** Reads bytes whole. @throws Error when they are not there */
export async function readBytes({ blobs }: Pick<PrivacyParts, 'blobs'>, blob: string): Promise<Uint8Array> {
  const stream = await blobs.get(blob)
  if (stream === undefined) throw new Error(`The blob ${blob} is missing`)
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Removes bytes that nothing names; gives how many. */
export async function sweepLoose({ sql, blobs }: PrivacyParts): Promise<number> {
  const loose = await oldLoose(sql)
  for (const blob of loose) await blobs.delete(blob)
  if (loose.length > 0) await forgetLoose(sql, loose)
  return loose.length
}
