// Renders a frame to an 8-bit picture (PS3.18 section 8.3.5): window, inversion, colours, size (pure).
import {
  type DicomJson,
  type GreyWindow,
  greyOf,
  type NativeFrame,
  type Picture,
  rescaleOf,
  type StoredValues,
  storedValues,
  type WindowFunction,
  windowOf,
} from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'

/** How a frame is rendered. */
export interface Rendering {
  readonly window?: GreyWindow
  readonly windowFunction?: WindowFunction
  /** The box that the picture fits into, in pixels. */
  readonly viewport?: { readonly columns: number; readonly rows: number }
}

const maxSide = 4096

// Few values differ: the shade of each is worked out once.
function shadesOf(values: StoredValues, shadeOf: (value: number) => number): Uint8Array {
  const known = new Int16Array(65_536).fill(-1)
  const shades = new Uint8Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0
    const place = value & 0xffff
    if (known[place] === -1) known[place] = shadeOf(value)
    shades[at] = known[place] ?? 0
  }
  return shades
}

function grey({ description, bytes }: NativeFrame, metadata: DicomJson, rendering: Rendering): Uint8Array {
  const values = storedValues(bytes, description)
  const rescale = rescaleOf(metadata)
  const window = rendering.window ?? windowOf(metadata, values, rescale)
  const isInverted = description.photometricInterpretation === 'MONOCHROME1'
  const shadeOf = (value: number): number => {
    const shade = greyOf(value * rescale.slope + rescale.intercept, window, rendering.windowFunction)
    return isInverted ? 255 - shade : shade
  }
  return description.bitsAllocated > 16 ? Uint8Array.from(values, shadeOf) : shadesOf(values, shadeOf)
}

function interleaved(bytes: Uint8Array, pixels: number): Uint8Array {
  const samples = new Uint8Array(pixels * 3)
  for (let at = 0; at < pixels; at++) {
    for (let plane = 0; plane < 3; plane++) samples[at * 3 + plane] = bytes[plane * pixels + at] ?? 0
  }
  return samples
}

const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)))

// PS3.3 section C.7.6.3.1.2
function toRgb(samples: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(samples.length)
  for (let at = 0; at + 2 < samples.length; at += 3) {
    const luma = samples[at] ?? 0
    const blue = (samples[at + 1] ?? 0) - 128
    const red = (samples[at + 2] ?? 0) - 128
    rgb[at] = byte(luma + 1.402 * red)
    rgb[at + 1] = byte(luma - 0.344136 * blue - 0.714136 * red)
    rgb[at + 2] = byte(luma + 1.772 * blue)
  }
  return rgb
}

function colour({ description, bytes }: NativeFrame): Uint8Array {
  const { rows, columns, photometricInterpretation, isPlanar, bitsAllocated } = description
  if (bitsAllocated !== 8 || !['RGB', 'YBR_FULL'].includes(photometricInterpretation)) {
    throw new AppError('not-acceptable', `Pictures of ${photometricInterpretation} are not rendered here`)
  }
  const samples = isPlanar ? interleaved(bytes, rows * columns) : bytes
  return photometricInterpretation === 'RGB' ? samples : toRgb(samples)
}

function target(rows: number, columns: number, { viewport }: Rendering): readonly [rows: number, columns: number] {
  const box = viewport ?? { rows, columns }
  const scale = Math.min(box.rows / rows, box.columns / columns, maxSide / rows, maxSide / columns)
  return [Math.max(1, Math.round(rows * scale)), Math.max(1, Math.round(columns * scale))]
}

// Larger by repeating; smaller by the mean of what falls together, so that no vessel is lost between the pixels.
function resized(picture: Picture, rows: number, columns: number): Picture {
  const { samplesPerPixel: samples, bytes: from } = picture
  if (rows === picture.rows && columns === picture.columns) return picture
  const bytes = new Uint8Array(rows * columns * samples)
  for (let row = 0; row < rows; row++) {
    const top = Math.floor((row * picture.rows) / rows)
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * picture.rows) / rows))
    for (let column = 0; column < columns; column++) {
      const left = Math.floor((column * picture.columns) / columns)
      const right = Math.max(left + 1, Math.floor(((column + 1) * picture.columns) / columns))
      const box = { top, bottom, left, right, stride: picture.columns * samples, samples }
      for (let sample = 0; sample < samples; sample++) {
        bytes[(row * columns + column) * samples + sample] = mean(from, box, sample)
      }
    }
  }
  return { rows, columns, samplesPerPixel: samples, bytes }
}

interface Box {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
  readonly stride: number
  readonly samples: number
}

function mean(from: Uint8Array, { top, bottom, left, right, stride, samples }: Box, sample: number): number {
  let sum = 0
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) sum += from[row * stride + column * samples + sample] ?? 0
  }
  return Math.round(sum / ((bottom - top) * (right - left)))
}

/** Renders a frame. @throws AppError 'not-acceptable' for colours that are not rendered here */
export function renderFrame(frame: NativeFrame, metadata: DicomJson, rendering: Rendering): Picture {
  const { rows, columns, samplesPerPixel } = frame.description
  const isGrey = samplesPerPixel === 1
  if (isGrey && frame.description.photometricInterpretation === 'PALETTE COLOR') {
    throw new AppError('not-acceptable', 'Pictures of PALETTE COLOR are not rendered here')
  }
  const bytes = isGrey ? grey(frame, metadata, rendering) : colour(frame)
  return resized({ rows, columns, samplesPerPixel: isGrey ? 1 : 3, bytes }, ...target(rows, columns, rendering))
}
