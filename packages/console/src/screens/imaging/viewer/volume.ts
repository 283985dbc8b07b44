// The slices of a series as a volume that fills up while frames arrive (pure).
import {
  type DicomJson,
  type GreyWindow,
  hounsfieldUnits,
  imagePlane,
  numberOf,
  type PixelDescription,
  pixelDescription,
  type Rescale,
  rescaleOf,
  stackOf,
  storedValues,
  textOf,
  windowOf,
} from '@xinglin/core/dicom/image'

/** One slice before its pixels came. */
export interface SliceInfo {
  readonly sopInstanceUid: string
  readonly description: PixelDescription
  readonly rescale: Rescale
}

/** A series that can be looked at: slices in order, of one size. */
export interface SliceStack {
  readonly slices: readonly SliceInfo[]
  readonly rows: number
  readonly columns: number
  /** Between rows, columns and slices, mm. */
  readonly spacingMm: readonly [row: number, column: number, slice: number]
  /** True when the slices lie evenly along one normal, so that cuts across them mean something. */
  readonly isVolume: boolean
  /** The window that the images ask for. */
  readonly window: GreyWindow
}

/** Most bytes of pixels that a browser tab is asked to hold. */
export const maxVolumeBytes = 1_610_612_736

const instanceNumber = '00200013'

function infoOf(metadata: DicomJson): SliceInfo | undefined {
  const description = pixelDescription(metadata)
  const sopInstanceUid = textOf(metadata, '00080018')
  if (description === undefined || sopInstanceUid === undefined || description.samplesPerPixel !== 1) return undefined
  return { sopInstanceUid, description, rescale: rescaleOf(metadata) }
}

const byNumber = (a: DicomJson, b: DicomJson): number =>
  (numberOf(a, instanceNumber) ?? 0) - (numberOf(b, instanceNumber) ?? 0)

/** Makes the stack of a series' metadata; undefined when it has no grey images of one size. */
export function stackOfSeries(metadata: readonly DicomJson[]): SliceStack | undefined {
  const images = metadata.filter((one) => infoOf(one) !== undefined)
  const [first] = images
  const size = first === undefined ? undefined : pixelDescription(first)
  if (first === undefined || size === undefined) return undefined
  const same = images.filter((one) => {
    const description = pixelDescription(one)
    return description?.rows === size.rows && description.columns === size.columns
  })
  const stack = stackOf(same, imagePlane)
  const isPlaced = stack.slices.length === same.length && same.length > 1
  const ordered = isPlaced ? stack.slices : same.toSorted(byNumber)
  const [rowMm, columnMm] = imagePlane(first)?.spacingMm ?? [1, 1]
  return {
    slices: ordered.flatMap((one) => infoOf(one) ?? []),
    ...{ rows: size.rows, columns: size.columns },
    spacingMm: [rowMm, columnMm, stack.spacingMm || 1],
    isVolume: isPlaced && stack.isEven,
    window: windowOf(first, new Int16Array([-1000, 400]), { slope: 1, intercept: 0 }),
  }
}

/** The units of a slice, `[rows, columns]`, of the bytes of its frame. */
export function unitsOf(slice: SliceInfo, bytes: ArrayBuffer): Int16Array {
  return hounsfieldUnits(storedValues(new Uint8Array(bytes), slice.description), slice.rescale)
}

/** Indices from the middle outwards: what is likely looked at first comes first. */
export function middleOutwards(count: number, middle = count >> 1): readonly number[] {
  return Array.from({ length: count }, (_none, index) => index).toSorted(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b,
  )
}
