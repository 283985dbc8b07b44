// What a reading is: its states and steps, its nodules, and what a radiologist may do with it when (pure).
import type { MeasuredNodule, VolumeGrid } from '@xinglin/core/dicom/nodule'
import { AppError } from '@xinglin/core/errors'

/** Where a reading stands: `ready` means that a draft waits for a radiologist. */
export type ReadingState = 'queued' | 'running' | 'ready' | 'signed' | 'failed' | 'cancelled'

/** What a running reading does; each step counts its own work. */
export type ReadingStep = 'waiting' | 'loading' | 'lungs' | 'marking' | 'measuring' | 'writing' | 'done'

/** What a radiologist thinks of a nodule. */
export type Decision = 'open' | 'accepted' | 'rejected'

/** A run of pixels of one row after the other: index of the first in the slice, and how many. */
export type PixelRun = readonly [first: number, length: number]

/** A nodule of a reading. */
export interface ReadingNodule {
  /** From 1; its segment in the segmentation has the same number. */
  readonly number: number
  readonly measures: MeasuredNodule
  /** Its pixels: for each slice (from 0) the runs in it. */
  readonly runs: Readonly<Record<string, readonly PixelRun[]>>
  readonly decision: Decision
  readonly decided: Date | null
  readonly decidedBy: string | null
}

/** What was read, for those who look at it afterwards. */
export interface ReadingSummary {
  readonly grid: VolumeGrid
  readonly lungVolumeMl: number
  readonly slicesWithLung: number
  /** SOP Instance UIDs in the order of the slices. */
  readonly instanceUids: readonly string[]
}

/** A reading as stored. */
export interface Reading {
  readonly id: string
  readonly studyUid: string
  readonly seriesUid: string
  readonly state: ReadingState
  readonly step: ReadingStep
  readonly done: number
  readonly total: number
  readonly isCancelling: boolean
  readonly attempts: number
  readonly failureCode: string | null
  readonly failure: string | null
  readonly requestedBy: string
  readonly model: string
  readonly modelVersion: string
  readonly patient: string | null
  readonly summary: ReadingSummary | null
  readonly segUid: string | null
  readonly reportId: string | null
  readonly created: Date
  readonly finished: Date | null
  readonly signed: Date | null
  readonly signedBy: string | null
  readonly version: number
}

/** The model that readings use. */
export const nodulesModel = 'lung_nodule_unet'

/** Runs of pixels by slice of ascending voxel indices. @param area pixels of a slice */
export function runsOf(voxels: ArrayLike<number>, area: number): Record<string, PixelRun[]> {
  const runs: Record<string, [number, number][]> = {}
  for (let at = 0; at < voxels.length; at++) {
    const voxel = voxels[at] ?? 0
    const slice = Math.floor(voxel / area)
    const pixel = voxel - slice * area
    const own = runs[slice] ?? []
    runs[slice] = own
    const last = own.at(-1)
    if (last !== undefined && last[0] + last[1] === pixel) last[1]++
    else own.push([pixel, 1])
  }
  return runs
}

/** The voxel indices of runs, ascending. */
export function voxelsOf(runs: ReadingNodule['runs'], area: number): Int32Array {
  const voxels = Object.entries(runs).flatMap(([slice, own]) =>
    own.flatMap(([first, length]) => Array.from({ length }, (_, at) => Number(slice) * area + first + at)),
  )
  return Int32Array.from(voxels).sort()
}

/** @throws AppError 'conflict' unless a draft waits */
export function demandDraft(reading: Reading, what: string): void {
  if (reading.state === 'ready') return
  throw new AppError('conflict', `The reading is ${reading.state}: only a draft that waits can be ${what}`)
}

/** @throws AppError 'conflict' while a nodule is neither accepted nor rejected */
export function demandDecisions(nodules: readonly ReadingNodule[]): void {
  const open = nodules.filter(({ decision }) => decision === 'open').map(({ number }) => number)
  if (open.length === 0) return
  throw new AppError('conflict', `Accept or reject every nodule before signing; open: ${open.join(', ')}`)
}
