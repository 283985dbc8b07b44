// One image in, one mask out: the article's call, on a real DICOM file or on 512 x 512 bare numbers.
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import {
  compressedFrames,
  type DicomHeader,
  frameBytes,
  hounsfieldUnits,
  metadataOf,
  type NativeFrame,
  type PixelCodec,
  pixelDescription,
  readHeader,
  rescaleOf,
  storedValues,
  textOf,
  transferSyntaxOf,
} from '@xinglin/core/dicom'
import { modelRangeHu, modelSize, ontoModel, sliceFit } from '@xinglin/core/dicom/nodule'
import { AppError } from '@xinglin/core/errors'
import type { Models } from '../../../kernel/ports.ts'
import { inflateHead } from '../store/receive.ts'
import { askModel } from './mark-slice.ts'

/** What a prediction is made with. */
export interface PredictPorts {
  readonly models: Models
  readonly codec: PixelCodec
}

/** An answer in the article's form but for its mask, with what a reader of it must know besides. */
export interface Prediction {
  readonly filename: string
  /** [1, 1, 512, 512]. */
  readonly mask_shape: readonly number[]
  /** Mean probability over the marked pixels; null when nothing is marked. */
  readonly confidence: number | null
  readonly marked_pixels: number
  readonly model: string
  readonly notice: string
}

/** What the model marked. */
export interface MarkedImage {
  readonly prediction: Prediction
  /** `[512, 512]`: 1 where the model marks a nodule. */
  readonly mask: Uint8Array
}

const inflateAll = promisify(inflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>
const markedFrom = 0.5
const bareBytes = 4 * modelSize * modelSize
// The largest image in 16 bits, with as much again for the header.
const maxInflatedBytes = 16 * 1024 * 1024
// The finest CT scanners make 2048 × 2048; more would hold up the event loop.
const maxSide = 2048
const notice =
  'Decision support, not a diagnosis: the mark of a model that is not for clinical use; a radiologist must look.'

function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM'
}

/**
 * CT numbers of 512 x 512 bare little-endian floats: HU, or the 0 to 1 that people feed to networks, which is then spread
 * over -1000 to 400 HU.
 */
function bareNumbers(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(new Uint8Array(bytes).buffer)
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (!Number.isFinite(value)) throw new AppError('unprocessable', 'The image holds values that are no numbers')
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (low < 0 || high > 1) return values
  const span = modelRangeHu.high - modelRangeHu.low
  return values.map((value) => modelRangeHu.low + value * span)
}

// The reader of the header cannot wait, so it is read twice: with the beginning, and with what was inflated beside the loop.
async function headerOf(file: Uint8Array): Promise<DicomHeader> {
  let deflated: Uint8Array | undefined
  const note = (rest: Uint8Array): Uint8Array => {
    deflated = rest
    return inflateHead(rest)
  }
  const header = readHeader(file, { inflate: note })
  if (deflated === undefined) return header
  const inflated = await inflateAll(deflated, { maxOutputLength: maxInflatedBytes }).catch((cause: unknown) => {
    throw new AppError('unprocessable', 'The file cannot be inflated, or is too large when it is', { cause })
  })
  return readHeader(file, { inflate: () => inflated })
}

async function firstFrame(file: Uint8Array, codec: PixelCodec) {
  const header = await headerOf(file)
  const metadata = metadataOf(header, { bulkDataUri: (path) => path })
  const description = pixelDescription(metadata)
  const { pixelData, bytes, transferSyntax } = header
  if (description === undefined || pixelData === undefined) throw new AppError('unprocessable', 'The file is no image')
  if (textOf(metadata, '00080060') !== 'CT' || description.samplesPerPixel !== 1) {
    throw new AppError('unprocessable', 'The model reads axial CT slices; the file is none')
  }
  if (Math.max(description.rows, description.columns) > maxSide) {
    throw new AppError('too-large', `An image may have ${maxSide} rows and columns at most`)
  }
  const syntax = transferSyntaxOf(transferSyntax)
  const frame = async (): Promise<NativeFrame> => {
    if (syntax.isEncapsulated) {
      const [first] = compressedFrames(bytes, pixelData.offset, description.frames)
      if (first === undefined) throw new AppError('unprocessable', 'The file has no pixels')
      return codec.decode({ transferSyntax, description, bytes: first })
    }
    const own = bytes.subarray(pixelData.offset, pixelData.offset + frameBytes(description))
    return { description, bytes: syntax.isBigEndian ? Buffer.from(own).swap16() : own }
  }
  return { frame: await frame(), rescale: rescaleOf(metadata) }
}

async function imageOf(file: Uint8Array, codec: PixelCodec): Promise<Float32Array> {
  if (!isDicom(file) && file.length === bareBytes) return bareNumbers(file)
  if (!isDicom(file)) {
    throw new AppError(
      'unsupported-media-type',
      `The file is neither DICOM nor ${modelSize} x ${modelSize} float32 numbers`,
    )
  }
  const { frame, rescale } = await firstFrame(file, codec)
  const { rows, columns } = frame.description
  const hu = hounsfieldUnits(storedValues(frame.bytes, frame.description), rescale)
  return ontoModel(hu, sliceFit(rows, columns))
}

/**
 * Marks nodules on one image.
 * @throws AppError 'unsupported-media-type' for what is no image at all, 'unprocessable' for one that cannot be read, and
 * those of the model's server
 */
export async function predict(
  file: { readonly name: string; readonly bytes: Uint8Array },
  { models, codec }: PredictPorts,
  signal: AbortSignal,
): Promise<MarkedImage> {
  const probabilities = await askModel(models, await imageOf(file.bytes, codec), signal)
  const mask = new Uint8Array(probabilities.length)
  let [sum, marked] = [0, 0]
  for (let at = 0; at < probabilities.length; at++) {
    const value = probabilities[at] ?? 0
    if (value <= markedFrom) continue
    mask[at] = 1
    sum += value
    marked++
  }
  const prediction: Prediction = {
    filename: file.name,
    mask_shape: [1, 1, modelSize, modelSize],
    confidence: marked === 0 ? null : Number((sum / marked).toFixed(4)),
    marked_pixels: marked,
    model: 'lung_nodule_unet',
    notice,
  }
  return { prediction, mask }
}
