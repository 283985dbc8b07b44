// The heavy rules of a reading run beside the event loop: lungs, and nodules with their measures.
import {
  findCandidates,
  findLungs,
  type MeasuredNodule,
  measureNodules,
  type VolumeGrid,
} from '@xinglin/core/dicom/nodule'
import { type PixelRun, runsOf } from './reading.ts'

/** What a worker is asked; all arrays lie in shared memory, `[slices, rows, columns]`. */
export type VolumeJob =
  | { readonly kind: 'lungs'; readonly grid: VolumeGrid; readonly hu: Int16Array; readonly mask: Uint8Array }
  | {
      readonly kind: 'nodules'
      readonly grid: VolumeGrid
      readonly hu: Int16Array
      readonly mask: Uint8Array
      /** 0 to 255. */
      readonly probabilities: Uint8Array
    }

/** The lungs; their mask is written into the job's own. */
export interface LungsFound {
  readonly volumeMl: number
  /** Slices that show lung, from 0. */
  readonly slices: readonly number[]
}

/** A nodule with its pixels. */
export interface FoundNodule {
  readonly measures: MeasuredNodule
  readonly runs: Readonly<Record<string, readonly PixelRun[]>>
}

/** What a worker answers. */
export type VolumeResult =
  | { readonly kind: 'lungs'; readonly found: LungsFound }
  | { readonly kind: 'nodules'; readonly found: readonly FoundNodule[] }

function lungs({ grid, hu, mask }: Extract<VolumeJob, { kind: 'lungs' }>): VolumeResult {
  const area = grid.rows * grid.columns
  const { mask: own, volumeMl } = findLungs({ grid, hu })
  mask.set(own)
  const slices = Array.from({ length: grid.slices }, (_, slice) => slice)
  const shown = slices.filter((slice) => own.subarray(slice * area, (slice + 1) * area).includes(1))
  return { kind: 'lungs', found: { volumeMl, slices: shown } }
}

function nodules({ grid, hu, mask, probabilities }: Extract<VolumeJob, { kind: 'nodules' }>): VolumeResult {
  const candidates = findCandidates(grid, probabilities, mask)
  const measured = measureNodules({ grid, hu }, candidates, mask)
  const area = grid.rows * grid.columns
  const found = measured.map((measures, at) => ({ measures, runs: runsOf(candidates[at]?.voxels ?? [], area) }))
  return { kind: 'nodules', found }
}

/** Does one job. */
export function runVolumeJob(job: VolumeJob): VolumeResult {
  switch (job.kind) {
    case 'lungs':
      return lungs(job)
    case 'nodules':
      return nodules(job)
    default:
      return job satisfies never
  }
}
