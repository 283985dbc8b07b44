// Frames of an image: as they are stored, or decoded to native little-endian values.
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import {
  compressedFrames,
  type DicomHeader,
  type DicomJson,
  explicitFile,
  frameBytes,
  type NativeFrame,
  type PixelCodec,
  type PixelDescription,
  pixelDescription,
  readHeader,
  transferSyntaxOf,
} from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import type { Blobs } from '../../../kernel/ports.ts'
import { inflateHead } from '../store/receive.ts'
import { instanceBytes } from './bytes.ts'
import type { StoredInstance } from './instance-store.ts'

/** What frames are read with. */
export interface FramePorts {
  readonly blobs: Blobs
  readonly codec: PixelCodec
}

/** An image whose frames are asked for. */
export interface Image {
  readonly instance: StoredInstance
  /** Of the instance. */
  readonly metadata: DicomJson
}

const maxInflatedBytes = 1_073_741_824
const inflateAll = promisify(inflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>

/** The pixels' description. @throws AppError 'not-acceptable' when the object is no image */
export function describe({ metadata }: Image): PixelDescription {
  const description = pixelDescription(metadata)
  if (description === undefined) throw new AppError('not-acceptable', 'The object is no image: it has no pixels')
  return description
}

/**
 * Checks frame numbers, which count from 1.
 * @throws AppError 'not-found' for a frame that the image does not have
 */
export function requireFrames(numbers: readonly number[], { frames }: PixelDescription): void {
  const wrong = numbers.find((number) => number < 1 || number > frames)
  if (wrong !== undefined) throw new AppError('not-found', `The image has no frame ${wrong}; it has ${frames}`)
}

// Deflated data sets are inflated whole, beside the event loop.
async function readFile({ instance }: Image, { blobs }: FramePorts): Promise<DicomHeader> {
  const bytes = await instanceBytes(blobs, instance)
  if (!transferSyntaxOf(instance.transferSyntax).isDeflated) return readHeader(bytes)
  let start = 0
  const note = (deflated: Uint8Array): Uint8Array => {
    start = bytes.length - deflated.length
    return inflateHead(deflated)
  }
  readHeader(bytes, { inflate: note })
  const rest = await inflateAll(bytes.subarray(start), { maxOutputLength: maxInflatedBytes }).catch(
    (cause: unknown) => {
      throw new AppError('unprocessable', 'The file cannot be inflated', { cause })
    },
  )
  return readHeader(bytes, { inflate: () => rest })
}

async function fileFrame(image: Image, description: PixelDescription, number: number, ports: FramePorts) {
  const { bytes, pixelData } = await readFile(image, ports)
  if (pixelData === undefined) throw new AppError('unprocessable', 'The file has no pixels')
  const size = frameBytes(description)
  const start = pixelData.offset + size * (number - 1)
  return bytes.subarray(start, start + size)
}

function swapped(bytes: Uint8Array, { bitsAllocated }: PixelDescription): Uint8Array {
  const turned = Buffer.from(bytes) // a copy
  if (bitsAllocated === 16) return turned.swap16()
  return bitsAllocated === 32 ? turned.swap32() : turned
}

async function uncompressed(image: Image, number: number, ports: FramePorts): Promise<Uint8Array> {
  const description = describe(image)
  const { instance } = image
  const { isBigEndian } = transferSyntaxOf(instance.transferSyntax)
  const size = frameBytes(description)
  const { pixelStart, pixelBytes } = instance
  if (pixelStart === undefined) return await fileFrame(image, description, number, ports)
  const start = pixelStart + size * (number - 1)
  if (pixelBytes !== undefined && size * number > pixelBytes + 1) {
    throw new AppError('unprocessable', `The file has no bytes for frame ${number}`)
  }
  // Frames of single bits may end within a byte; such files are read whole elsewhere.
  const bytes = await instanceBytes(ports.blobs, instance, { start, end: Math.min(start + size, instance.sizeBytes) })
  return isBigEndian ? swapped(bytes, description) : bytes
}

/** The frames as they are stored: compressed ones compressed. */
export async function storedFrames(
  image: Image,
  numbers: readonly number[],
  ports: FramePorts,
): Promise<readonly Uint8Array[]> {
  const description = describe(image)
  requireFrames(numbers, description)
  if (!transferSyntaxOf(image.instance.transferSyntax).isEncapsulated) {
    return await Promise.all(numbers.map((number) => uncompressed(image, number, ports)))
  }
  const { bytes, pixelData } = await readFile(image, ports)
  if (pixelData === undefined) throw new AppError('unprocessable', 'The file has no pixels')
  const frames = compressedFrames(bytes, pixelData.offset, description.frames)
  return numbers.flatMap((number) => frames[number - 1] ?? [])
}

/**
 * The frames decoded to native little-endian values.
 * @throws AppError 'not-acceptable' when there is no decoder for their compression
 */
export async function nativeFrames(
  image: Image,
  numbers: readonly number[],
  ports: FramePorts,
): Promise<readonly NativeFrame[]> {
  const description = describe(image)
  const stored = await storedFrames(image, numbers, ports)
  const { transferSyntax } = image.instance
  if (!transferSyntaxOf(transferSyntax).isEncapsulated) return stored.map((bytes) => ({ description, bytes }))
  return await Promise.all(stored.map((bytes) => ports.codec.decode({ transferSyntax, description, bytes })))
}

/**
 * The whole object in Explicit VR Little Endian, its pixels native.
 * @throws AppError 'not-acceptable' when there is no decoder for its compression
 */
export async function writeExplicit(image: Image, ports: FramePorts): Promise<Uint8Array> {
  const header = await readFile(image, ports)
  const { frames } = image.instance
  if (header.pixelData === undefined || frames === 0) return explicitFile(header, undefined)
  const numbers = Array.from({ length: frames }, (_none, index) => index + 1)
  const decoded = await nativeFrames(image, numbers, ports)
  return explicitFile(header, Buffer.concat(decoded.map(({ bytes }) => bytes)))
}
