// Makes a chest phantom from a seed: the same seed gives the same voxels everywhere.
import { seededRandom } from '../../cohort/index.ts'
import { AppError } from '../../errors/index.ts'
import { lungHeightMm } from './anatomy.ts'
import { placeNodules } from './nodules.ts'
import type { NoduleRequest, PhantomGrid, PhantomNodule } from './types.ts'
import { airways, drawVessels } from './vessels.ts'
import { renderPhantom } from './volume.ts'

/** What phantom to make. */
export interface PhantomOptions {
  readonly seed: number
  /** Rows and columns; default 128. */
  readonly size?: number
  /** Default 40. */
  readonly slices?: number
  /** Field of view in mm, which makes the pixel; default 340. */
  readonly fieldMm?: number
  /** Slice thickness in mm; by default the slices share the height of the lungs. */
  readonly sliceMm?: number
  /** Nodules to place, or how many to draw; default 3. An empty list makes a healthy chest. */
  readonly nodules?: number | readonly NoduleRequest[]
  /** Standard deviation of the noise in HU; default 15. */
  readonly noiseHu?: number
}

/** A chest CT that nobody's chest was needed for. */
export interface ChestPhantom {
  readonly seed: number
  readonly grid: PhantomGrid
  readonly nodules: readonly PhantomNodule[]
  /** HU `[slices, rows, columns]`. */
  readonly hu: Int16Array
  /** Label of the nodule in each voxel, 0 where there is none, `[slices, rows, columns]`. */
  readonly labels: Uint8Array
}

const maxVoxels = 512 * 512 * 512
const reachShare = 0.36

function gridOf(options: PhantomOptions): PhantomGrid {
  const { size = 128, slices = 40, fieldMm = 340 } = options
  const isWhole = [size, slices].every((count) => Number.isInteger(count) && count >= 1)
  if (!isWhole || size * size * slices > maxVoxels) {
    throw new AppError('invalid-parameter', `A phantom has 1 to ${maxVoxels} voxels in whole rows and slices`)
  }
  const sliceMm = options.sliceMm ?? lungHeightMm / slices
  return { rows: size, columns: size, slices, pixelMm: fieldMm / size, sliceMm }
}

function volumesMm3(labels: Uint8Array, count: number, voxelMm3: number): readonly number[] {
  const voxels = new Array<number>(count + 1).fill(0)
  for (const label of labels) voxels[label] = (voxels[label] ?? 0) + 1
  return voxels.map((of) => of * voxelMm3)
}

/**
 * Makes a phantom: body, lungs, heart, ribs, vessels, airways and nodules, with noise.
 * @throws AppError 'invalid-parameter' for a grid without voxels or above 512 cubed, or a nodule without room
 */
export function createChestPhantom(options: PhantomOptions): ChestPhantom {
  const grid = gridOf(options)
  const random = seededRandom(options.seed)
  const { nodules: asked = 3, noiseHu = 15 } = options
  const requests = typeof asked === 'number' ? Array.from({ length: asked }, (): NoduleRequest => ({})) : asked
  const vessels = drawVessels(random)
  const placed = placeNodules(random, requests, Math.min(grid.slices * grid.sliceMm, lungHeightMm) * reachShare)
  const { hu, labels } = renderPhantom(grid, { vessels, airways, nodules: placed, noiseHu }, random)
  const volumes = volumesMm3(labels, placed.length, grid.pixelMm ** 2 * grid.sliceMm)
  const nodules = placed.map(({ phases: _phases, ...nodule }, index) => ({
    ...nodule,
    label: index + 1,
    volumeMm3: volumes[index + 1] ?? 0,
  }))
  return { seed: options.seed, grid, nodules, hu, labels }
}
