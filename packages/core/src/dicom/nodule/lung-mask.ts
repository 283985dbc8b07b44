// The lungs of a chest CT: air inside the body, its largest connected parts, closed so that what sits on the wall or in it counts.
import { type BinaryPlane, close } from './closing.ts'
import { flood, type GridSize } from './flood.ts'
import type { CtVolume } from './volume.ts'

/** The lungs as a mask, with what was found. */
export interface LungMask {
  /** 1 in the lungs, `[slices, rows, columns]`. */
  readonly mask: Uint8Array
  readonly volumeMl: number
  /** How many slices show lung. */
  readonly slicesWithLung: number
}

// Between aerated lung (-850 HU) and soft tissue (40 HU); Hu, Hoffman and Reinhardt (IEEE TMI 2001) end near here by iteration.
const airBelowHu = -400
// A radius: what bulges into the lung from its wall, up to 18 mm wide, counts as lung (a working rule of this project).
const closingMm = 9
// A part below this share of the largest is bowel gas, trachea or noise.
const leastShare = 0.08
const leastPartMm3 = 20_000

const unknown = 0
const tissue = 1
const outside = 2
const firstPart = 3

// Air that touches the edge of a slice lies around the body.
function markOutside(marks: Uint8Array, { slices, rows, columns }: GridSize): void {
  const plane: GridSize = { slices: 1, rows, columns }
  for (let slice = 0; slice < slices; slice++) {
    const view = marks.subarray(slice * rows * columns, (slice + 1) * rows * columns)
    const enter = (index: number): boolean => {
      if (view[index] !== unknown) return false
      view[index] = outside
      return true
    }
    for (let row = 0; row < rows; row++) {
      flood(plane, row * columns, 4, enter)
      flood(plane, row * columns + columns - 1, 4, enter)
    }
    for (let column = 0; column < columns; column++) {
      flood(plane, column, 4, enter)
      flood(plane, (rows - 1) * columns + column, 4, enter)
    }
  }
}

// Parts are numbered from `firstPart` on; the last number gathers all later ones, which are specks.
function partSizes(marks: Uint8Array, size: GridSize): readonly number[] {
  const sizes: number[] = []
  for (let seed = 0; seed < marks.length; seed++) {
    if (marks[seed] !== unknown) continue
    const number = Math.min(255, firstPart + sizes.length)
    let count = 0
    flood(size, seed, 6, (index) => {
      if (marks[index] !== unknown) return false
      marks[index] = number
      count++
      return true
    })
    if (number === 255) continue
    sizes.push(count)
  }
  return sizes
}

function bounds(
  { rows, columns, pixels }: BinaryPlane,
  margin: number,
): readonly [number, number, number, number] | undefined {
  let [top, bottom, left, right] = [rows, -1, columns, -1]
  for (let at = 0; at < pixels.length; at++) {
    if (pixels[at] === 0) continue
    const row = Math.floor(at / columns)
    const column = at - row * columns
    top = Math.min(top, row)
    bottom = Math.max(bottom, row)
    left = Math.min(left, column)
    right = Math.max(right, column)
  }
  return bottom === -1 ? undefined : [top - margin, bottom + margin, left - margin, right + margin]
}

// What no path joins to the edge of the plane is a hole.
function fillHoles({ rows, columns, pixels }: BinaryPlane): void {
  const enter = (index: number): boolean => {
    if (pixels[index] !== 0) return false
    pixels[index] = 2
    return true
  }
  flood({ slices: 1, rows, columns }, 0, 4, enter)
  for (let at = 0; at < pixels.length; at++) pixels[at] = pixels[at] === 2 ? 0 : 1
}

// Works on the box around the lungs, with a margin on which nothing is set; writes the closed plane back. Returns its pixels.
function closePlane(plane: BinaryPlane, radius: number): number {
  const margin = Math.ceil(radius) + 1
  const box = bounds(plane, margin)
  if (box === undefined) return 0
  const [top, bottom, left, right] = box
  const part = { rows: bottom - top + 1, columns: right - left + 1 }
  const pixels = new Uint8Array(part.rows * part.columns)
  const inside = (row: number, column: number): boolean =>
    row >= 0 && row < plane.rows && column >= 0 && column < plane.columns
  const each = (visit: (at: number, own: number) => void): void => {
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        if (inside(row, column)) visit((row - top) * part.columns + column - left, row * plane.columns + column)
      }
    }
  }
  each((at, own) => {
    pixels[at] = plane.pixels[own] ?? 0
  })
  const closed = close({ ...part, pixels }, radius)
  fillHoles(closed)
  let count = 0
  each((at, own) => {
    plane.pixels[own] = closed.pixels[at] ?? 0
    count += closed.pixels[at] ?? 0
  })
  return count
}

/** Finds the lungs; an empty mask when the series shows none. Costs O(voxels), about a second for 30 million. */
export function findLungs({ grid, hu }: CtVolume): LungMask {
  const { slices, rows, columns } = grid
  const voxelMm3 = grid.rowMm * grid.columnMm * grid.sliceMm
  const marks = new Uint8Array(hu.length)
  for (let at = 0; at < hu.length; at++) marks[at] = (hu[at] ?? 0) < airBelowHu ? unknown : tissue
  markOutside(marks, grid)
  const sizes = partSizes(marks, grid)
  const least = Math.max(leastShare * Math.max(0, ...sizes), leastPartMm3 / voxelMm3)
  const kept = new Uint8Array(256)
  for (const [index, size] of sizes.entries()) kept[firstPart + index] = size >= least ? 1 : 0
  for (let at = 0; at < marks.length; at++) marks[at] = kept[marks[at] ?? 0] ?? 0
  const radius = closingMm / Math.sqrt(grid.rowMm * grid.columnMm)
  let voxels = 0
  let slicesWithLung = 0
  for (let slice = 0; slice < slices; slice++) {
    const pixels = marks.subarray(slice * rows * columns, (slice + 1) * rows * columns)
    const count = closePlane({ rows, columns, pixels }, radius)
    voxels += count
    slicesWithLung += count > 0 ? 1 : 0
  }
  return { mask: marks, volumeMl: (voxels * voxelMm3) / 1000, slicesWithLung }
}
