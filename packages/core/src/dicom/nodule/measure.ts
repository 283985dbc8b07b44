// What is written about a nodule: axes, volume, density, place and how sure the model is.
import type { Candidate } from './candidates.ts'
import { type Axes, axesOf } from './diameters.ts'
import { type CtVolume, placeMm, type VolumeGrid } from './volume.ts'

/** Density of a nodule by its CT numbers. */
export type Density = 'solid' | 'part-solid' | 'ground-glass'

/** A measured nodule. */
export interface MeasuredNodule {
  /** Longest diameter in an axial slice and the longest across it, in the slice where the first is greatest. */
  readonly longAxisMm: number
  readonly shortAxisMm: number
  readonly volumeMm3: number
  readonly meanHu: number
  readonly standardDeviationHu: number
  readonly density: Density
  /** Share of its voxels above -300 HU. */
  readonly solidShare: number
  /** Mean probability that the model gives its voxels, 0 to 1; not a calibrated chance of being a nodule. */
  readonly confidence: number
  readonly peakProbability: number
  /** Length by width; 1 for a ball. */
  readonly elongation: number
  readonly voxelCount: number
  /** First and last slice, from 0, both included. */
  readonly firstSlice: number
  readonly lastSlice: number
  /** The slice of the axes, from 0. */
  readonly axesSlice: number
  /** Centre in pixels and slices from 0, and in the patient (LPS, mm). */
  readonly centre: { readonly slice: number; readonly row: number; readonly column: number }
  readonly centreMm: readonly [number, number, number]
  readonly side: 'left' | 'right'
}

// A working rule of this project, not a published cut: voxels above -300 HU are taken as solid.
const solidAboveHu = -300
const solidFrom = 0.6
const groundGlassBelow = 0.1

function densityOf(solidShare: number): Density {
  if (solidShare >= solidFrom) return 'solid'
  return solidShare < groundGlassBelow ? 'ground-glass' : 'part-solid'
}

interface Pixel {
  readonly slice: number
  readonly row: number
  readonly column: number
}

function pixelOf({ rows, columns }: VolumeGrid, index: number): Pixel {
  const slice = Math.floor(index / (rows * columns))
  const row = Math.floor(index / columns) - slice * rows
  return { slice, row, column: index % columns }
}

function largestAxes(grid: VolumeGrid, pixels: readonly Pixel[]): Axes & { readonly slice: number } {
  const bySlice = Map.groupBy(pixels, ({ slice }) => slice)
  const measured = [...bySlice].map(([slice, own]) => ({
    slice,
    ...axesOf(
      own.map(({ row, column }) => [row, column] as const),
      grid.rowMm,
      grid.columnMm,
    ),
  }))
  return measured.reduce((best, one) => (one.longMm > best.longMm ? one : best))
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

// The middle of the series is not always the middle of the patient: the midline is where the lungs part.
function midlineMm(grid: VolumeGrid, lungs: Uint8Array): number {
  let sum = 0
  let count = 0
  for (let index = 0; index < lungs.length; index += 7) {
    if (lungs[index] === 0) continue
    const { slice, row, column } = pixelOf(grid, index)
    sum += placeMm(grid, slice, row, column)[0]
    count++
  }
  return count === 0 ? 0 : sum / count
}

function measure({ grid, hu }: CtVolume, candidate: Candidate, midline: number): MeasuredNodule {
  const pixels = Array.from(candidate.voxels, (index) => pixelOf(grid, index))
  const values = Array.from(candidate.voxels, (index) => hu[index] ?? 0)
  const meanHu = meanOf(values)
  const solidShare = values.filter((value) => value > solidAboveHu).length / values.length
  const axes = largestAxes(grid, pixels)
  const centre = {
    slice: meanOf(pixels.map(({ slice }) => slice)),
    row: meanOf(pixels.map(({ row }) => row)),
    column: meanOf(pixels.map(({ column }) => column)),
  }
  const centreMm = placeMm(grid, centre.slice, centre.row, centre.column)
  return {
    longAxisMm: axes.longMm,
    shortAxisMm: axes.shortMm,
    volumeMm3: candidate.volumeMm3,
    meanHu,
    standardDeviationHu: Math.sqrt(meanOf(values.map((value) => (value - meanHu) ** 2))),
    density: densityOf(solidShare),
    solidShare,
    confidence: candidate.meanProbability,
    peakProbability: candidate.peakProbability,
    elongation: candidate.elongation,
    voxelCount: candidate.voxels.length,
    firstSlice: pixels[0]?.slice ?? 0,
    lastSlice: pixels.at(-1)?.slice ?? 0,
    axesSlice: axes.slice,
    centre,
    centreMm,
    side: centreMm[0] > midline ? 'left' : 'right',
  }
}

/**
 * Measures candidates.
 * @param lungs mask of the lungs, whose middle tells left from right
 */
export function measureNodules(
  volume: CtVolume,
  candidates: readonly Candidate[],
  lungs: Uint8Array,
): readonly MeasuredNodule[] {
  const midline = midlineMm(volume.grid, lungs)
  return candidates.map((candidate) => measure(volume, candidate, midline))
}
