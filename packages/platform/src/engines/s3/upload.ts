// Uploads of unknown length: small ones in one request, large ones in parts; a source that breaks off leaves nothing behind.
import { createHash, type Hash } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'

type Sdk = typeof import('@aws-sdk/client-s3')

/** Where an upload goes. */
export interface Target {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly bucket: string
  readonly key: string
}

/** What was stored. */
export interface Stored {
  readonly sizeBytes: number
  readonly sha256: string
}

// S3 wants parts of at least 5 MiB, all but the last.
const partBytes = 8_388_608

async function* partsOf(body: AsyncIterable<Uint8Array> | Uint8Array, hash: Hash): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    hash.update(chunk)
    held.push(Buffer.from(chunk)) // its memory belongs to the source, which may use it again
    size += chunk.byteLength
    while (size >= partBytes) {
      const all = Buffer.concat(held)
      yield all.subarray(0, partBytes)
      held = [all.subarray(partBytes)]
      size -= partBytes
    }
  }
  yield Buffer.concat(held)
}

async function inParts(
  { sdk, client, bucket, key }: Target,
  parts: AsyncIterable<Buffer>,
  first: readonly Buffer[],
): Promise<number> {
  const at = { Bucket: bucket, Key: key }
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at))
  try {
    const done: { ETag: string | undefined; PartNumber: number }[] = []
    let sizeBytes = 0
    const send = async (body: Buffer): Promise<void> => {
      const PartNumber = done.length + 1
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body: body }))
      done.push({ ETag, PartNumber })
      sizeBytes += body.byteLength
    }
    for (const part of first) await send(part)
    for await (const part of parts) if (part.byteLength > 0) await send(part)
    await client.send(new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: done } }))
    return sizeBytes
  } catch (error) {
    // The reason counts; parts that a server cannot throw away fall to its own rule for unfinished uploads.
    await client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined)
    throw error
  }
}

/** Uploads a body; it is there whole when this resolves, or not at all. */
export async function upload(target: Target, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Stored> {
  const hash = createHash('sha256')
  const parts = partsOf(body, hash)
  const { value: first = Buffer.alloc(0) } = await parts.next()
  const { value: second } = await parts.next()
  if (second === undefined) {
    const { sdk, client, bucket, key } = target
    await client.send(
      new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: first, ContentLength: first.byteLength }),
    )
    return { sizeBytes: first.byteLength, sha256: hash.digest('hex') }
  }
  const sizeBytes = await inParts(
    target,
    parts,
    [first, second].filter((part) => part.byteLength > 0),
  )
  return { sizeBytes, sha256: hash.digest('hex') }
}
