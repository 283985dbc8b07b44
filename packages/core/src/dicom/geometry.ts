// Where slices lie in the patient (PS3.3 section C.7.6.2): their order, spacing, and whether they make one volume.
import { type DicomJson, itemsOf, numberOf, numbersOf } from './model.ts'

/** A point or direction in the patient's coordinates, mm: to the left, to the back, to the head. */
export type Vector = readonly [number, number, number]

/** The plane of one image. */
export interface ImagePlane {
  /** Centre of the first pixel. */
  readonly position: Vector
  /** Direction of a row (along columns), of length 1. */
  readonly rowDirection: Vector
  /** Direction of a column (along rows), of length 1. */
  readonly columnDirection: Vector
  /** Between rows, and between columns. */
  readonly spacingMm: readonly [row: number, column: number]
  readonly thicknessMm: number | undefined
}

/** Slices in order along their normal. */
export interface Stack<Slice> {
  readonly slices: readonly Slice[]
  /** Distance between neighbours: the median. */
  readonly spacingMm: number
  /** True when no distance differs from the median by more than a hundredth of a millimetre or 1 %. */
  readonly isEven: boolean
}

const maxUnevenMm = 0.01
const maxUnevenShare = 0.01

function vector(values: readonly number[]): Vector | undefined {
  const [x, y, z] = values
  return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z]
}

function unit(direction: Vector | undefined): Vector | undefined {
  if (direction === undefined) return undefined
  const length = Math.hypot(...direction)
  return length > 0 ? [direction[0] / length, direction[1] / length, direction[2] / length] : undefined
}

/** The plane of an image; undefined when it says too little of itself. */
export function imagePlane(metadata: DicomJson): ImagePlane | undefined {
  const shared = itemsOf(metadata, '52009229')[0] ?? {}
  const measures = itemsOf(shared, '00289110')[0] ?? metadata
  const orientation = itemsOf(shared, '00209116')[0] ?? metadata
  const directions = numbersOf(orientation, '00200037')
  const position = vector(numbersOf(metadata, '00200032'))
  const rowDirection = unit(vector(directions.slice(0, 3)))
  const columnDirection = unit(vector(directions.slice(3, 6)))
  const [rowMm, columnMm] = numbersOf(measures, '00280030')
  if (position === undefined || rowDirection === undefined || columnDirection === undefined) return undefined
  if (rowMm === undefined || columnMm === undefined || rowMm <= 0 || columnMm <= 0) return undefined
  const thicknessMm = numberOf(measures, '00180050')
  return { position, rowDirection, columnDirection, spacingMm: [rowMm, columnMm], thicknessMm }
}

/** The direction in which a stack of parallel planes grows: row × column. */
export function normalOf({ rowDirection: [a, b, c], columnDirection: [d, e, f] }: ImagePlane): Vector {
  return [b * f - c * e, c * d - a * f, a * e - b * d]
}

/** Where a plane lies along a normal, mm. */
export function alongNormal({ position }: ImagePlane, normal: Vector): number {
  return position[0] * normal[0] + position[1] * normal[1] + position[2] * normal[2]
}

/**
 * Orders slices along the normal of the first; slices without a plane, or not parallel to the first, are left out.
 * O(n log n).
 */
export function stackOf<Slice>(
  slices: readonly Slice[],
  planeOf: (slice: Slice) => ImagePlane | undefined,
): Stack<Slice> {
  const planes = slices.flatMap((slice) => {
    const plane = planeOf(slice)
    return plane === undefined ? [] : [{ slice, plane }]
  })
  const [first] = planes
  if (first === undefined) return { slices: [], spacingMm: 0, isEven: false }
  const normal = normalOf(first.plane)
  const placed = planes
    .filter(({ plane }) => normalOf(plane).reduce((sum, value, axis) => sum + value * (normal[axis] ?? 0), 0) > 0.999)
    .map(({ slice, plane }) => ({ slice, at: alongNormal(plane, normal) }))
    .toSorted((a, b) => a.at - b.at)
  const gaps = placed.slice(1).map(({ at }, index) => at - (placed[index]?.at ?? at))
  const median = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? first.plane.thicknessMm ?? 1
  const allowed = Math.max(maxUnevenMm, median * maxUnevenShare)
  return {
    slices: placed.map(({ slice }) => slice),
    spacingMm: median,
    isEven: gaps.every((gap) => Math.abs(gap - median) <= allowed),
  }
}
