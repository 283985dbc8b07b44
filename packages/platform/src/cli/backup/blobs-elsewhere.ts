// The bucket in which images and models lie instead of the data folder: no backup of ours holds it, and that is said aloud.
import type { s3Settings } from '../../engines/s3/index.ts'
import type { Settings } from '../../kernel/config.ts'

/** A bucket as run state and manifests name it. */
export interface Bucket {
  readonly bucket: string
  readonly url?: string
  readonly prefix: string
}

/** The bucket that the settings name; undefined when blobs lie in the data folder. */
export function bucketOf({ blobs }: { readonly blobs: Settings<typeof s3Settings> }): Bucket | undefined {
  const { bucket, url, prefix } = blobs
  return bucket === undefined ? undefined : { bucket, prefix, ...(url === undefined ? {} : { url }) }
}

/** Warns on standard error, also with --json: a nightly job's log then has it. */
export function warnOfBucket({ bucket, prefix, url }: Bucket, sentence: string): void {
  const where = `s3://${bucket}/${prefix}${url === undefined ? '' : ` at ${url}`}`
  const lines = [
    `WARNING: images and models lie in ${where}.`,
    sentence,
    'See docs/operations.md, "Backup and restore".',
  ]
  process.stderr.write(`\n${lines.join('\n')}\n\n`)
}
