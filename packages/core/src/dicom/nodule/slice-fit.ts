// Brings a slice of any size onto the model's square of 512 pixels, and the model's answer back onto the slice.
import { modelRangeHu } from './normalise.ts'

/** Rows and columns of the model's image. */
export const modelSize = 512

/** How a slice lies on the model's square: pixel (row, column) at (row, column) x scale, from the upper left. */
export interface SliceFit {
  readonly rows: number
  readonly columns: number
  readonly scale: number
}

/** The fit of a slice: as it is at 512 x 512, else scaled so that its longer side fills the square. */
export function sliceFit(rows: number, columns: number): SliceFit {
  return { rows, columns, scale: modelSize / Math.max(rows, columns) }
}

interface Plane {
  readonly values: ArrayLike<number>
  readonly rows: number
  readonly columns: number
}

// Linear between the centres of pixels; beyond the edge the edge goes on.
function sample({ values, rows, columns }: Plane, row: number, column: number): number {
  const y = Math.min(rows - 1, Math.max(0, row))
  const x = Math.min(columns - 1, Math.max(0, column))
  const top = Math.floor(y)
  const left = Math.floor(x)
  const bottom = Math.min(rows - 1, top + 1)
  const right = Math.min(columns - 1, left + 1)
  const at = (r: number, c: number): number => values[r * columns + c] ?? 0
  const upper = at(top, left) * (left + 1 - x) + at(top, right) * (x - left)
  const lower = at(bottom, left) * (left + 1 - x) + at(bottom, right) * (x - left)
  return upper * (top + 1 - y) + lower * (y - top)
}

/** A slice (HU, row-major) on the model's square, `[512, 512]`; what it does not cover is air. */
export function ontoModel(hu: ArrayLike<number>, fit: SliceFit): Float32Array {
  if (fit.scale === 1 && fit.rows === modelSize && fit.columns === modelSize) return Float32Array.from(hu)
  const image = new Float32Array(modelSize * modelSize).fill(modelRangeHu.low)
  const plane = { values: hu, rows: fit.rows, columns: fit.columns }
  const lastRow = Math.min(modelSize, Math.round(fit.rows * fit.scale))
  const lastColumn = Math.min(modelSize, Math.round(fit.columns * fit.scale))
  for (let row = 0; row < lastRow; row++) {
    const y = (row + 0.5) / fit.scale - 0.5
    for (let column = 0; column < lastColumn; column++) {
      image[row * modelSize + column] = sample(plane, y, (column + 0.5) / fit.scale - 0.5)
    }
  }
  return image
}

/** The model's probabilities `[512, 512]` on the slice's own pixels, as 0 to 255. */
export function ontoSlice(probabilities: ArrayLike<number>, fit: SliceFit): Uint8Array {
  const { rows, columns, scale } = fit
  const own = new Uint8Array(rows * columns)
  const plane = { values: probabilities, rows: modelSize, columns: modelSize }
  for (let row = 0; row < rows; row++) {
    const y = (row + 0.5) * scale - 0.5
    for (let column = 0; column < columns; column++) {
      const value =
        scale === 1 ? (probabilities[row * modelSize + column] ?? 0) : sample(plane, y, (column + 0.5) * scale - 0.5)
      own[row * columns + column] = Math.round(255 * Math.min(1, Math.max(0, value)))
    }
  }
  return own
}
