// Where images and models lie: in a bucket of S3 where one is named, else in the data folder.
import { join } from 'node:path'
import { openDiskBlobs } from '../engines/disk/index.ts'
import { openS3Blobs, type s3Settings } from '../engines/s3/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { Blobs } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'

/** The settings of blobs as read. */
export type BlobSettings = Settings<typeof s3Settings>

/** Opens the blobs of a process. @throws AppError 'unavailable' when the bucket cannot be reached */
export async function openBlobs(settings: BlobSettings, dataFolder: string, shutdown: Shutdown): Promise<Blobs> {
  const { bucket } = settings
  if (bucket === undefined) return openDiskBlobs(join(dataFolder, 'blobs'))
  const blobs = await openS3Blobs({ ...settings, bucket })
  shutdown.add('s3', async () => blobs.close())
  return blobs
}
