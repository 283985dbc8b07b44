// The bucket in which images and models lie instead of the data folder: copied into a backup key by key, and back from one.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import { type OpenBlobs, openS3Blobs, type S3Settings, type s3Settings } from '../../engines/s3/index.ts'
import type { Settings } from '../../kernel/config.ts'
import { type KeptFile, writeKept } from './kept-files.ts'
import type { Say } from './say.ts'

/** A bucket as run state and manifests name it. */
export interface Bucket {
  readonly bucket: string
  readonly url?: string
  readonly prefix: string
}

type BlobSettings = { readonly blobs: Settings<typeof s3Settings> }

/** The folder of a backup and of a data folder in which blobs are files; a key is the path below it. */
export const blobFolder = 'blobs'
const fileMode = 0o600
const sayEvery = 500
// A store answers one request in milliseconds and many at once in hardly more.
const atOnce = 8

/** The bucket that the settings name; undefined when blobs lie in the data folder. */
export function bucketOf({ blobs }: BlobSettings): Bucket | undefined {
  const { bucket, url, prefix } = blobs
  return bucket === undefined ? undefined : { bucket, prefix, ...(url === undefined ? {} : { url }) }
}

/** A bucket in words. */
export function bucketName({ bucket, prefix, url }: Bucket): string {
  return `s3://${bucket}/${prefix}${url === undefined ? '' : ` at ${url}`}`
}

/** Warns on standard error, also with --json: a nightly job's log then has it. */
export function warnOfBucket(bucket: Bucket, sentence: string): void {
  const lines = [
    `WARNING: images and models lie in ${bucketName(bucket)}.`,
    sentence,
    'See docs/operations.md, "Backup and restore".',
  ]
  process.stderr.write(`\n${lines.join('\n')}\n\n`)
}

async function withBucket<T>({ blobs }: BlobSettings, work: (open: OpenBlobs) => Promise<T>): Promise<T> {
  const { bucket } = blobs
  if (bucket === undefined) throw new AppError('invalid-parameter', 'BLOBS_S3_BUCKET must name the bucket')
  const settings: S3Settings = { ...blobs, bucket }
  const open = await openS3Blobs(settings)
  try {
    return await work(open)
  } finally {
    open.close()
  }
}

// Does the work for each, some at once; after a failure nothing new is begun.
async function forEach<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const source = items[Symbol.asyncIterator]()
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let next = await source.next(); next.done !== true && failures.length === 0; next = await source.next()) {
      await work(next.value)
    }
  }
  const workers = Array.from({ length: atOnce }, () => worker().catch((error: unknown) => failures.push(error)))
  await Promise.all(workers)
  if (failures.length > 0) throw failures[0]
}

/** Copies every blob of the bucket that the settings name into the folder of a backup. @throws AppError 'unavailable' */
export function copyBucket(settings: BlobSettings, folder: string, say: Say): Promise<readonly KeptFile[]> {
  return withBucket(settings, async (open) => {
    const copied: KeptFile[] = []
    await forEach(open.keys(), async (key) => {
      const body = await open.get(key)
      if (body === undefined) return // deleted while this runs
      const path = `${blobFolder}/${key}`
      copied.push({ path, sha256: await writeKept(body, join(folder, path), fileMode) })
      if (copied.length % sayEvery === 0) say(`blobs of the bucket: ${copied.length}`)
    })
    return copied
  })
}

/** Whether a file of a backup is a blob. */
export const isBlob = ({ path }: Pick<KeptFile, 'path'>): boolean => path.startsWith(`${blobFolder}/`)

/**
 * Puts blobs of a backup into the bucket that the settings name.
 * @throws AppError 'invalid-request' when one was changed while it was read, 'unavailable'
 */
export function fillBucket(
  settings: BlobSettings,
  folder: string,
  blobs: readonly KeptFile[],
  say: Say,
): Promise<void> {
  return withBucket(settings, async (open) => {
    const done = { count: 0 }
    await forEach(Readable.from(blobs) as AsyncIterable<KeptFile>, async ({ path, sha256 }) => {
      const stored = await open.put(path.slice(blobFolder.length + 1), createReadStream(join(folder, path)))
      if (stored.sha256 !== sha256)
        throw new AppError('invalid-request', `${path} of the backup was changed while it was read`)
      done.count += 1
      if (done.count % sayEvery === 0) say(`blobs into the bucket: ${done.count} of ${blobs.length}`)
    })
  })
}
