// The nodules as a DICOM Segmentation (PS3.3 section A.51): one binary segment a nodule, one frame for each slice it is in.
import { type WritableDataset, writePart10 } from '../writing/index.ts'
import { placeMm, type VolumeGrid } from './volume.ts'

/** A nodule to write. */
export interface SegmentedNodule {
  /** Voxel indices into the volume, ascending. */
  readonly voxels: Int32Array
  readonly label: string
  readonly description: string
}

/** The series that was read. */
export interface SourceSeries {
  readonly grid: VolumeGrid
  readonly studyUid: string
  readonly seriesUid: string
  readonly frameOfReferenceUid: string
  readonly sopClassUid: string
  /** SOP Instance UIDs in the order of the slices. */
  readonly instanceUids: readonly string[]
  /** Patient and study attributes (groups 0008 and 0010, 0020,0010), taken over as they are. */
  readonly patientAndStudy: WritableDataset
}

/** What the new object is called, and when it is made. */
export interface SegmentationIdentity {
  readonly instanceUid: string
  readonly seriesUid: string
  readonly dimensionUid: string
  readonly seriesNumber: number
  /** YYYYMMDD and HHMMSS, in UTC. */
  readonly date: string
  readonly time: string
  readonly softwareVersion: string
}

const segmentationStorage = '1.2.840.10008.5.1.4.1.1.66.4'
const algorithm = 'Xinglin lung nodule U-Net'

interface Frame {
  readonly segment: number
  readonly slice: number
  readonly pixels: readonly number[]
}

function code(value: string, scheme: string, meaning: string): WritableDataset {
  return { '00080100': ['SH', [value]], '00080102': ['SH', [scheme]], '00080104': ['LO', [meaning]] }
}

function framesOf(nodules: readonly SegmentedNodule[], area: number): readonly Frame[] {
  return nodules.flatMap(({ voxels }, index) => {
    const bySlice = Map.groupBy(voxels, (voxel) => Math.floor(voxel / area))
    return [...bySlice]
      .toSorted(([a], [b]) => a - b)
      .map(([slice, own]) => ({ segment: index + 1, slice, pixels: own.map((voxel) => voxel - slice * area) }))
  })
}

// One bit a pixel, the first in the lowest bit; frames follow each other without a gap (PS3.5 section 8.1.1).
function packedBits(frames: readonly Frame[], area: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((frames.length * area) / 8))
  for (const [index, { pixels }] of frames.entries()) {
    for (const pixel of pixels) {
      const bit = index * area + pixel
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7))
    }
  }
  return bytes
}

function segmentItem({ label, description }: SegmentedNodule, index: number): WritableDataset {
  return {
    '00620003': ['SQ', [code('49755003', 'SCT', 'Morphologically Abnormal Structure')]],
    '00620004': ['US', [index + 1]],
    '00620005': ['LO', [label]],
    '00620006': ['ST', [description]],
    '00620008': ['CS', ['AUTOMATIC']],
    '00620009': ['LO', [algorithm]],
    '0062000D': ['US', [43_803, 46_255, 46_135]], // the viewer's orange as PCS-Values of CIELab (PS3.3 C.10.7.1.1)
    '0062000F': ['SQ', [code('27925004', 'SCT', 'Nodule')]],
  }
}

function frameItem(frame: Frame, source: SourceSeries, dimension: readonly number[]): WritableDataset {
  const reference: WritableDataset = {
    '00081150': ['UI', [source.sopClassUid]],
    '00081155': ['UI', [source.instanceUids[frame.slice] ?? '']],
    '0040A170': ['SQ', [code('121322', 'DCM', 'Source image for image processing operation')]],
  }
  return {
    '00089124': [
      'SQ',
      [
        {
          '00082112': ['SQ', [reference]],
          '00089215': ['SQ', [code('113076', 'DCM', 'Segmentation')]],
        },
      ],
    ],
    '00209111': ['SQ', [{ '00209157': ['UL', dimension] }]],
    '00209113': ['SQ', [{ '00200032': ['DS', placeMm(source.grid, frame.slice, 0, 0) as readonly number[]] }]],
    '0062000A': ['SQ', [{ '0062000B': ['US', [frame.segment]] }]],
  }
}

function sharedGroups({ grid }: SourceSeries): WritableDataset {
  const measures: WritableDataset = {
    '00180050': ['DS', [grid.sliceMm]],
    '00180088': ['DS', [grid.sliceMm]],
    '00280030': ['DS', [grid.rowMm, grid.columnMm]],
  }
  const orientation: WritableDataset = { '00200037': ['DS', [...grid.rowDirection, ...grid.columnDirection]] }
  return { '00209116': ['SQ', [orientation]], '00289110': ['SQ', [measures]] }
}

function dimensions(uid: string): WritableDataset {
  const index = (pointer: string, group: string): WritableDataset => ({
    '00209164': ['UI', [uid]],
    '00209165': ['AT', [pointer]],
    '00209167': ['AT', [group]],
  })
  return {
    '00209221': ['SQ', [{ '00209164': ['UI', [uid]] }]],
    '00209222': ['SQ', [index('0062000B', '0062000A'), index('00200032', '00209113')]],
  }
}

function seriesAndEquipment(identity: SegmentationIdentity): WritableDataset {
  return {
    '00080008': ['CS', ['DERIVED', 'PRIMARY']],
    '00080021': ['DA', [identity.date]],
    '00080023': ['DA', [identity.date]],
    '00080031': ['TM', [identity.time]],
    '00080033': ['TM', [identity.time]],
    '00080060': ['CS', ['SEG']],
    '00080070': ['LO', ['Xinglin']],
    '0008103E': ['LO', ['Lung nodules (AI, not signed)']],
    '00081090': ['LO', ['lung_nodule_unet']],
    '00181000': ['LO', ['lung-nodule-reader']],
    '00181020': ['LO', [identity.softwareVersion]],
    '00200011': ['IS', [identity.seriesNumber]],
    '00200013': ['IS', [1]],
    '00700080': ['CS', ['LUNG_NODULES']],
    '00700081': ['LO', ['Lung nodules found by a model; not a diagnosis']],
    '00700084': ['PN', ['Xinglin']],
  }
}

function imageModule(frames: readonly Frame[], { rows, columns }: VolumeGrid): WritableDataset {
  return {
    '00280002': ['US', [1]],
    '00280004': ['CS', ['MONOCHROME2']],
    '00280008': ['IS', [frames.length]],
    '00280010': ['US', [rows]],
    '00280011': ['US', [columns]],
    '00280100': ['US', [1]],
    '00280101': ['US', [1]],
    '00280102': ['US', [0]],
    '00280103': ['US', [0]],
    '00282110': ['CS', ['00']],
    '00620001': ['CS', ['BINARY']],
    '7FE00010': ['OB', packedBits(frames, rows * columns)],
  }
}

function referencedSeries(source: SourceSeries, frames: readonly Frame[]): WritableDataset {
  const slices = [...new Set(frames.map(({ slice }) => slice))].toSorted((a, b) => a - b)
  const instances = slices.map(
    (slice): WritableDataset => ({
      '00081150': ['UI', [source.sopClassUid]],
      '00081155': ['UI', [source.instanceUids[slice] ?? '']],
    }),
  )
  return { '00081115': ['SQ', [{ '0008114A': ['SQ', instances], '0020000E': ['UI', [source.seriesUid]] }]] }
}

/**
 * Writes the nodules of a series as a Part 10 file.
 * @param nodules at least one, each with at least one voxel: a segmentation without frames is not allowed
 */
export function writeSegmentation(
  nodules: readonly SegmentedNodule[],
  source: SourceSeries,
  identity: SegmentationIdentity,
): Uint8Array<ArrayBuffer> {
  const { grid } = source
  const frames = framesOf(nodules, grid.rows * grid.columns)
  const slices = [...new Set(frames.map(({ slice }) => slice))].toSorted((a, b) => a - b)
  const items = frames.map((frame) => frameItem(frame, source, [frame.segment, slices.indexOf(frame.slice) + 1]))
  return writePart10({
    ...source.patientAndStudy,
    ...seriesAndEquipment(identity),
    '00080005': ['CS', ['ISO_IR 192']],
    '00080016': ['UI', [segmentationStorage]],
    '00080018': ['UI', [identity.instanceUid]],
    '0020000D': ['UI', [source.studyUid]],
    '0020000E': ['UI', [identity.seriesUid]],
    '00200052': ['UI', [source.frameOfReferenceUid]],
    '00201040': ['LO', ['']],
    '00620002': ['SQ', nodules.map(segmentItem)],
    '52009229': ['SQ', [sharedGroups(source)]],
    '52009230': ['SQ', items],
    ...dimensions(identity.dimensionUid),
    ...referencedSeries(source, frames),
    ...imageModule(frames, grid),
  })
}
