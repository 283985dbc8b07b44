// Draws slices into pixels: window, axial and coronal cuts, masks with their outline (pure; hot loops write into buffers that they are given).
import { type GreyWindow, greyOf } from '@xinglin/core/dicom/image'

/** Grey by units from -32768 to 32767, as RGBA in one little-endian number. */
export type GreyTable = Uint32Array

/** A picture to draw into: RGBA, one number a pixel, row-major. */
export interface Target {
  readonly pixels: Uint32Array
  readonly columns: number
  readonly rows: number
}

const unitsOffset = 32_768
const opaque = 0xff00_0000
// #ff7a45
const maskRed = 0xff
const maskGreen = 0x7a
const maskBlue = 0x45
const outline = (opaque | (maskBlue << 16) | (maskGreen << 8) | maskRed) >>> 0
const maskShare = 0.35

/** The table of a window. */
export function greyTable(window: GreyWindow): GreyTable {
  const table = new Uint32Array(65_536)
  for (let index = 0; index < table.length; index++) {
    const grey = greyOf(index - unitsOffset, window)
    table[index] = (opaque | (grey << 16) | (grey << 8) | grey) >>> 0
  }
  return table
}

/** Draws a slice. */
export function drawAxial(target: Target, units: Int16Array, table: GreyTable): void {
  const { pixels } = target
  for (let at = 0; at < pixels.length; at++) pixels[at] = table[(units[at] ?? 0) + unitsOffset] ?? opaque
}

/** Draws the cut along one row of all slices, the last slice on top; slices that have not come yet are black. */
export function drawCoronal(
  target: Target,
  slices: readonly (Int16Array | undefined)[],
  cut: { readonly row: number; readonly table: GreyTable },
): void {
  const { pixels, columns } = target
  const { row, table } = cut
  for (let line = 0; line < slices.length; line++) {
    const units = slices[slices.length - 1 - line]
    const to = line * columns
    if (units === undefined) {
      pixels.fill(opaque, to, to + columns)
      continue
    }
    const from = row * columns
    for (let column = 0; column < columns; column++) {
      pixels[to + column] = table[(units[from + column] ?? 0) + unitsOffset] ?? opaque
    }
  }
}

const blend = (under: number, over: number): number => Math.round(under * (1 - maskShare) + over * maskShare)

function tinted(pixel: number): number {
  const red = blend(pixel & 0xff, maskRed)
  const green = blend((pixel >> 8) & 0xff, maskGreen)
  const blue = blend((pixel >> 16) & 0xff, maskBlue)
  return (opaque | (blue << 16) | (green << 8) | red) >>> 0
}

/** Lays a mask of the same size over a picture: a tint inside, a full line where it ends. */
export function drawMask(target: Target, mask: Uint8Array): void {
  const { pixels, columns, rows } = target
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue
    const column = at % columns
    const isEdge =
      column === 0 ||
      column === columns - 1 ||
      at < columns ||
      at >= columns * (rows - 1) ||
      mask[at - 1] === 0 ||
      mask[at + 1] === 0 ||
      mask[at - columns] === 0 ||
      mask[at + columns] === 0
    pixels[at] = isEdge ? outline : tinted(pixels[at] ?? opaque)
  }
}
