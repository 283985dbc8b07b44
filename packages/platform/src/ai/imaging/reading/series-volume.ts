// A stored CT series as one volume of CT numbers: its axial slices in order, evenly spaced, read one after another.
import {
  type DicomJson,
  hounsfieldUnits,
  type ImagePlane,
  imagePlane,
  normalOf,
  rescaleOf,
  stackOf,
  storedValues,
  textOf,
  textsOf,
} from '@xinglin/core/dicom'
import type { CtVolume, VolumeGrid } from '@xinglin/core/dicom/nodule'
import { AppError } from '@xinglin/core/errors'
import type { Queryable } from '../../../kernel/sql.ts'
import { everyStudy } from '../access.ts'
import { baseMark } from '../catalogue/entry.ts'
import { type FramePorts, type Image, nativeFrames } from '../wado/frames.ts'
import { findInstances, findMetadata } from '../wado/instance-store.ts'

/** The slices of a series, from feet to head or whichever way their normal points. */
export interface CtSeries {
  readonly studyUid: string
  readonly seriesUid: string
  /** Id of the FHIR Patient, once the study is linked. */
  readonly patient: string | undefined
  readonly slices: readonly Image[]
  readonly grid: VolumeGrid
}

// 1200 slices of 512 × 512 are 315 million voxels: 630 MB of HU.
const maxSlices = 1200
const maxVoxels = 320_000_000
// Cosine of the tilt: within 25.8° of the axial plane.
const leastAxial = 0.9

function refuse(why: string): never {
  throw new AppError('unprocessable', `The series cannot be read for nodules: ${why}`)
}

function isSlice({ instance, metadata }: Image): boolean {
  const isLocalizer = textsOf(metadata, '00080008').includes('LOCALIZER')
  return instance.frames === 1 && textOf(metadata, '00080060') === 'CT' && !isLocalizer
}

const sameEverywhere = (values: readonly (number | string | undefined)[]): boolean => new Set(values).size === 1

function gridOf(slices: readonly Image[], planes: readonly ImagePlane[], sliceMm: number): VolumeGrid {
  const [plane] = planes
  const [first] = slices
  if (plane === undefined || first === undefined) refuse('it has no slices whose place in the patient is known')
  const normal = normalOf(plane)
  if (Math.abs(normal[2]) < leastAxial) refuse('its slices are not axial')
  const size = (tag: string): number => Number(textOf(first.metadata, tag))
  const isSame = ['00280010', '00280011'].every((tag) =>
    sameEverywhere(slices.map(({ metadata }) => textOf(metadata, tag))),
  )
  if (!isSame || !sameEverywhere(planes.map(({ spacingMm }) => spacingMm.join()))) refuse('its slices differ in size')
  return {
    ...{ slices: slices.length, rows: size('00280010'), columns: size('00280011'), sliceMm },
    rowMm: plane.spacingMm[0],
    columnMm: plane.spacingMm[1],
    originMm: plane.position,
    rowDirection: plane.rowDirection,
    columnDirection: plane.columnDirection,
    sliceDirection: normal,
  }
}

/**
 * Finds the slices of a series and their grid.
 * @throws AppError 'not-found' without the series, 'unprocessable' when it is no even stack of axial CT slices,
 * 'too-large' beyond 1200 slices or 320 million voxels
 */
export async function openSeries(sql: Queryable, studyUid: string, seriesUid: string): Promise<CtSeries> {
  const address = { study: studyUid, series: seriesUid }
  const everyone = everyStudy
  const instances = await findInstances(sql, address, everyone)
  if (instances.length > maxSlices)
    throw new AppError('too-large', `A series of more than ${maxSlices} images is not read`)
  const { text } = await findMetadata(sql, address, everyone)
  const metadata = JSON.parse(text.replaceAll(baseMark, '')) as readonly DicomJson[] // the store wrote it, in the same order
  const images = instances.map((instance, at): Image => ({ instance, metadata: metadata[at] ?? {} })).filter(isSlice)
  if (images.length === 0) refuse('it has no CT slices')
  const { slices, spacingMm, isEven } = stackOf(images, (image) => imagePlane(image.metadata))
  const planes = slices.flatMap((slice) => imagePlane(slice.metadata) ?? [])
  if (slices.length < images.length)
    refuse('some of its slices are not parallel to the others, or do not say where they are')
  if (!isEven || spacingMm <= 0) refuse('its slices are not evenly spaced: one is missing or there twice')
  const grid = gridOf(slices, planes, spacingMm)
  if (grid.slices * grid.rows * grid.columns > maxVoxels) {
    throw new AppError('too-large', `A series of more than ${maxVoxels} voxels is not read`)
  }
  return { studyUid, seriesUid, patient: instances[0]?.patient, slices, grid }
}

/** CT numbers of one slice, row-major. */
export async function readSlice(image: Image, ports: FramePorts): Promise<Int16Array> {
  const [frame] = await nativeFrames(image, [1], ports)
  if (frame === undefined) refuse('a slice has no pixels')
  return hounsfieldUnits(storedValues(frame.bytes, frame.description), rescaleOf(image.metadata))
}

/**
 * Reads all slices into memory that worker threads share.
 * @param onSlice told after each slice how many are read; may throw to stop
 */
export async function loadVolume(
  series: CtSeries,
  ports: FramePorts,
  onSlice: (done: number) => Promise<void>,
): Promise<CtVolume> {
  const { grid, slices } = series
  const area = grid.rows * grid.columns
  const hu = new Int16Array(new SharedArrayBuffer(2 * area * grid.slices))
  for (const [at, image] of slices.entries()) {
    const values = await readSlice(image, ports)
    if (values.length !== area) refuse('a slice has more or fewer pixels than the others')
    hu.set(values, at * area)
    await onSlice(at + 1)
  }
  return { grid, hu }
}
