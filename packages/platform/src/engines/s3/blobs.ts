// Blobs in a bucket of S3 or a server that speaks its protocol; the SDK is loaded only by a process that uses it.
import { AppError } from '@xinglin/core/errors'
import type { Settings } from '../../kernel/config.ts'
import type { Blobs } from '../../kernel/ports.ts'
import type { s3Settings } from './settings.ts'
import { type Target, upload } from './upload.ts'

/** The settings as read, with a bucket. */
export type S3Settings = Settings<typeof s3Settings> & { readonly bucket: string }

/** Blobs with the end of their connections. */
export interface OpenBlobs extends Blobs {
  /** All keys, page by page, in the order of the store; what others put under the prefix is left out. */
  keys(): AsyncIterable<string>
  close(): void
}

const maxKeyLength = 512
const maxSegments = 16
const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
const attempts = 4
const requestMs = 60_000

function isKey(key: string): boolean {
  const segments = key.split('/')
  return key.length <= maxKeyLength && segments.length <= maxSegments && segments.every((part) => segment.test(part))
}

function checkKey(key: string): void {
  if (isKey(key)) return
  throw new AppError(
    'invalid-parameter',
    `A blob's key is made of up to ${maxSegments} parts of letters, digits, '.', '_' and '-', separated by '/'`,
  )
}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode

// A missing bucket answers 404 as a missing key does; only the code tells them apart.
function isAbsent(error: unknown): boolean {
  const { name } = error as { readonly name?: string }
  return name === 'NoSuchKey' || name === 'NotFound' || (statusOf(error) === 404 && name !== 'NoSuchBucket')
}

function translate(error: unknown): Error {
  if (error instanceof AppError) return error
  const { name = '' } = error as { readonly name?: string }
  const status = statusOf(error)
  // What came from the body's source, not from S3, goes on as it is.
  if (status === undefined && !/^(TimeoutError|AbortError|AggregateError)$/.test(name) && !isUnreachable(error)) {
    return error as Error
  }
  const why =
    status === 403
      ? 'S3 refuses the access key'
      : name === 'NoSuchBucket'
        ? 'The bucket does not exist'
        : 'S3 does not answer now'
  return new AppError('unavailable', why, { cause: error, retryAfterSeconds: 2 })
}

function isUnreachable(error: unknown): boolean {
  const { code } = error as { readonly code?: string }
  return code !== undefined && /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)/.test(code)
}

async function connect(settings: S3Settings): Promise<Pick<Target, 'sdk' | 'client'>> {
  const sdk = await import('@aws-sdk/client-s3')
  const { url, region, accessKey, secretKey } = settings
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    throw new AppError('invalid-parameter', 'BLOBS_S3_ACCESS_KEY and BLOBS_S3_SECRET_KEY belong together')
  }
  const client = new sdk.S3Client({
    region,
    maxAttempts: attempts,
    requestHandler: { requestTimeout: requestMs, connectionTimeout: 5000 },
    // Checksums of newer SDKs are unknown to many compatible servers; parts are checked by their ETag all the same.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(url === undefined ? {} : { endpoint: url, forcePathStyle: true }),
    ...(accessKey === undefined || secretKey === undefined
      ? {}
      : { credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } }),
  })
  return { sdk, client }
}

async function* keysOf({ sdk, client }: Pick<Target, 'sdk' | 'client'>, { bucket, prefix }: S3Settings) {
  let token: string | undefined
  do {
    const at = { Bucket: bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }
    const page = await client.send(new sdk.ListObjectsV2Command(at)).catch((error: unknown) => {
      throw translate(error)
    })
    for (const { Key = '' } of page.Contents ?? []) {
      const key = Key.slice(prefix.length)
      if (isKey(key)) yield key
    }
    token = page.NextContinuationToken
  } while (token !== undefined)
}

/** Opens the blobs of a bucket. @throws AppError 'unavailable' when the bucket cannot be reached */
export async function openS3Blobs(settings: S3Settings): Promise<OpenBlobs> {
  const { bucket, prefix } = settings
  const { sdk, client } = await connect(settings)
  const at = (key: string): { Bucket: string; Key: string } => {
    checkKey(key)
    return { Bucket: bucket, Key: `${prefix}${key}` }
  }
  await client.send(new sdk.HeadBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
    const isMissing = statusOf(error) === 404
    throw isMissing
      ? new AppError('unavailable', `The bucket ${bucket} does not exist`, { cause: error })
      : translate(error)
  })
  return {
    async put(key, body) {
      const { Key } = at(key)
      return upload({ sdk, client, bucket, key: Key }, body).catch((error: unknown) => {
        throw translate(error)
      })
    },
    async get(key, range) {
      const stretch = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ ...at(key), ...stretch }))
        return Body as AsyncIterable<Uint8Array> | undefined // a stream in Node
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw translate(error)
      }
    },
    async has(key) {
      try {
        await client.send(new sdk.HeadObjectCommand(at(key)))
        return true
      } catch (error) {
        if (isAbsent(error)) return false
        throw translate(error)
      }
    },
    async delete(key) {
      await client.send(new sdk.DeleteObjectCommand(at(key))).catch((error: unknown) => {
        if (!isAbsent(error)) throw translate(error)
      })
    },
    keys: () => keysOf({ sdk, client }, settings),
    close: () => client.destroy(),
  }
}
