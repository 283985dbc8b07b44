// The nodules of a reading as a DICOM segmentation in the study that was read.
import { createHash } from 'node:crypto'
import { type DicomJson, personNameOf, textOf } from '@xinglin/core/dicom'
import { type SourceSeries, writeSegmentation } from '@xinglin/core/dicom/nodule'
import { uidOfUuid, type WritableDataset } from '@xinglin/core/dicom/writing'
import { type Reading, type ReadingNodule, voxelsOf } from './reading.ts'
import type { CtSeries } from './series-volume.ts'

// Attributes of the patient and the study that an object made later repeats (PS3.3 sections C.7.1 and C.7.2), with their VR.
const repeated: Readonly<Record<string, string>> = {
  '00080020': 'DA',
  '00080030': 'TM',
  '00080050': 'SH',
  '00080090': 'PN',
  '00081030': 'LO',
  '00100010': 'PN',
  '00100020': 'LO',
  '00100030': 'DA',
  '00100040': 'CS',
  '00200010': 'SH',
}
const firstSeriesNumber = 900

// UIDs and bytes repeat for a reading, so that storing again after a crash stores nothing twice.
function uid(reading: Reading, kind: string): string {
  const digest = createHash('sha256').update(`${reading.id}/${kind}`).digest('hex')
  return uidOfUuid(digest.slice(0, 32))
}

/** SOP Instance UID of a reading's segmentation. */
export function segmentationUid(reading: Reading): string {
  return uid(reading, 'segmentation')
}

function patientAndStudy(metadata: DicomJson): WritableDataset {
  const entries = Object.entries(repeated).map(([tag, vr]) => {
    const value = vr === 'PN' ? personNameOf(metadata, tag) : textOf(metadata, tag)
    return [tag, [vr, value === undefined ? [] : [value]]] as const
  })
  return Object.fromEntries(entries.filter(([tag, [, value]]) => value.length > 0 || tag !== '00081030'))
}

function compact(date: Date): { readonly date: string; readonly time: string } {
  const digits = date.toISOString().replaceAll(/\D/g, '')
  return { date: digits.slice(0, 8), time: digits.slice(8, 14) }
}

function sourceOf(reading: Reading, { slices, grid, studyUid, seriesUid }: CtSeries): SourceSeries {
  const metadata = slices[0]?.metadata ?? {}
  return {
    ...{ grid, studyUid, seriesUid },
    frameOfReferenceUid: textOf(metadata, '00200052') ?? uid(reading, 'frame of reference'),
    sopClassUid: textOf(metadata, '00080016') ?? '',
    instanceUids: slices.map(({ instance }) => instance.sopUid),
    patientAndStudy: patientAndStudy(metadata),
  }
}

/** The file. @param nodules at least one */
export function segmentationObject(
  reading: Reading,
  series: CtSeries,
  nodules: readonly Pick<ReadingNodule, 'number' | 'measures' | 'runs'>[],
): Uint8Array {
  const area = series.grid.rows * series.grid.columns
  const segmented = nodules.map(({ number, measures, runs }) => ({
    voxels: voxelsOf(runs, area),
    label: `Nodule ${number}`,
    description: `Marked by ${reading.model}, mean probability ${measures.confidence.toFixed(2)}; not confirmed`,
  }))
  return writeSegmentation(segmented, sourceOf(reading, series), {
    instanceUid: segmentationUid(reading),
    seriesUid: uid(reading, 'series'),
    dimensionUid: uid(reading, 'dimensions'),
    seriesNumber: firstSeriesNumber,
    ...compact(reading.created),
    softwareVersion: reading.model,
  })
}
