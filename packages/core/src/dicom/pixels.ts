// What the pixels of an image mean (PS3.3 sections C.7.6.3 and C.11): shape, sign, rescale to Hounsfield units, windows.
import { AppError } from '../errors/index.ts'
import { type DicomJson, itemsOf, numberOf, numbersOf, textOf } from './model.ts'

/** How the pixels of an image are laid out. */
export interface PixelDescription {
  readonly rows: number
  readonly columns: number
  readonly frames: number
  /** 1 for grey, 3 for colour. */
  readonly samplesPerPixel: number
  /** 1, 8, 16 or 32. */
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly isSigned: boolean
  /** True when colours lie plane by plane. */
  readonly isPlanar: boolean
  readonly photometricInterpretation: string
}

/** From stored values to the modality's units: value × slope + intercept. */
export interface Rescale {
  readonly slope: number
  readonly intercept: number
}

/** A grey-scale window in the modality's units. */
export interface GreyWindow {
  readonly center: number
  readonly width: number
}

const maxSide = 65_535
const maxFrames = 100_000

function refuse(what: string): never {
  throw new AppError('unprocessable', `The image cannot be shown: ${what}`)
}

/**
 * Reads the image pixel module; undefined when the object is no image.
 * @throws AppError 'unprocessable' when the module contradicts itself
 */
export function pixelDescription(metadata: DicomJson): PixelDescription | undefined {
  const rows = numberOf(metadata, '00280010')
  const columns = numberOf(metadata, '00280011')
  if (rows === undefined || columns === undefined || metadata['7FE00010'] === undefined) return undefined
  const bitsAllocated = numberOf(metadata, '00280100') ?? 16
  const samplesPerPixel = numberOf(metadata, '00280002') ?? 1
  const frames = numberOf(metadata, '00280008') ?? 1
  if (![rows, columns].every((side) => Number.isInteger(side) && side > 0 && side <= maxSide))
    refuse('its size is none')
  if (![1, 8, 16, 32].includes(bitsAllocated)) refuse(`it has ${bitsAllocated} bits for a value`)
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) refuse(`it has ${samplesPerPixel} samples for a pixel`)
  if (!Number.isInteger(frames) || frames < 1 || frames > maxFrames) refuse(`it has ${frames} frames`)
  const bitsStored = Math.min(Math.max(1, Math.round(numberOf(metadata, '00280101') ?? bitsAllocated)), bitsAllocated)
  return {
    ...{ rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored },
    isSigned: numberOf(metadata, '00280103') === 1,
    isPlanar: numberOf(metadata, '00280006') === 1,
    photometricInterpretation: textOf(metadata, '00280004') ?? 'MONOCHROME2',
  }
}

/** Bytes of one native frame. */
export function frameBytes({ rows, columns, samplesPerPixel, bitsAllocated }: PixelDescription): number {
  return Math.ceil((rows * columns * samplesPerPixel * bitsAllocated) / 8)
}

/** Values of one frame as stored: `[rows, columns, samples]`, row-major. */
export type StoredValues = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array

function typed(bytes: Uint8Array, { bitsAllocated, isSigned }: PixelDescription): StoredValues {
  // A copy begins at a multiple of every width, wherever the bytes lay in their file.
  const { buffer } = new Uint8Array(bytes) // not slice(), which for Node's Buffer is a view
  if (bitsAllocated === 32) return isSigned ? new Int32Array(buffer) : new Uint32Array(buffer)
  if (bitsAllocated === 16) return isSigned ? new Int16Array(buffer) : new Uint16Array(buffer)
  return isSigned ? new Int8Array(buffer) : new Uint8Array(buffer)
}

// Bits above those stored may hold overlays; the sign lies in the highest stored bit.
function masked(values: StoredValues, { bitsAllocated, bitsStored, isSigned }: PixelDescription): StoredValues {
  const spare = bitsAllocated - bitsStored
  if (spare === 0) return values
  const shift = 32 - bitsStored
  for (let at = 0; at < values.length; at++) {
    const raised = (values[at] ?? 0) << shift
    values[at] = isSigned ? raised >> shift : raised >>> shift
  }
  return values
}

function unpackedBits(bytes: Uint8Array, count: number): Uint8Array {
  const values = new Uint8Array(count)
  for (let at = 0; at < count; at++) values[at] = ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1
  return values
}

/**
 * Reads one native little-endian frame into its stored values.
 * @throws AppError 'unprocessable' when there are fewer bytes than the description demands
 */
export function storedValues(bytes: Uint8Array, description: PixelDescription): StoredValues {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description
  const expected = frameBytes(description)
  if (bytes.length < expected) refuse(`a frame has ${bytes.length} bytes where ${expected} are due`)
  if (bitsAllocated === 1) return unpackedBits(bytes, rows * columns * samplesPerPixel)
  return masked(typed(bytes.subarray(0, expected), description), description)
}

/** The rescale of an image; the functional groups of an enhanced image are asked where the image itself says nothing. */
export function rescaleOf(metadata: DicomJson): Rescale {
  const shared = itemsOf(metadata, '52009229')[0] ?? {}
  const source = itemsOf(shared, '00289145')[0] ?? metadata
  const slope = numberOf(source, '00281053') ?? 1
  return { slope: slope === 0 ? 1 : slope, intercept: numberOf(source, '00281052') ?? 0 }
}

/** Stored values of a CT as Hounsfield units, `[rows, columns]`, row-major; whole numbers, as scanners give them. */
export function hounsfieldUnits(values: StoredValues, { slope, intercept }: Rescale): Int16Array {
  const units = new Int16Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const value = Math.round((values[at] ?? 0) * slope + intercept)
    units[at] = value < -32_768 ? -32_768 : Math.min(value, 32_767)
  }
  return units
}

/** The window that an image asks for; else one that spans its values. */
export function windowOf(metadata: DicomJson, values: StoredValues, rescale: Rescale): GreyWindow {
  const [center] = numbersOf(metadata, '00281050')
  const [width] = numbersOf(metadata, '00281051')
  if (center !== undefined && width !== undefined && width >= 1) return { center, width }
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const ends = [low, high].map((value) => value * rescale.slope + rescale.intercept)
  const [first = 0, last = 0] = ends
  return { center: (first + last) / 2, width: Math.max(1, Math.abs(last - first)) }
}

/** How a window maps units to grey: PS3.3 sections C.11.2.1.2 (linear) and C.11.2.1.3 (the others). */
export type WindowFunction = 'linear' | 'linear-exact' | 'sigmoid'

/** Grey (0 black to 255 white) of a value in the modality's units. */
export function greyOf(value: number, { center, width }: GreyWindow, kind: WindowFunction = 'linear'): number {
  const share =
    kind === 'sigmoid'
      ? 1 / (1 + Math.exp((-4 * (value - center)) / width))
      : kind === 'linear-exact'
        ? (value - center) / width + 0.5
        : width <= 1
          ? value <= center - 0.5
            ? 0
            : 1
          : (value - (center - 0.5)) / (width - 1) + 0.5
  return Math.round(Math.min(1, Math.max(0, share)) * 255)
}
