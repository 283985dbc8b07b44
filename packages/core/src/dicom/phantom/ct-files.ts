// A phantom as DICOM CT images: one Part 10 file a slice, Explicit VR Little Endian, 16 bits allocated, 12 stored.
import { type WritableDataset, writePart10 } from '../writing/index.ts'
import type { ChestPhantom } from './chest-phantom.ts'
import { centreMm } from './types.ts'

/** Who is pictured, when; what is left out is a person that does not exist. */
export interface PhantomIdentity {
  readonly patientId?: string
  /** DICOM person name, e.g. `Zhang^San` or `Zhang^San=张^三`. */
  readonly patientName?: string
  /** YYYYMMDD. */
  readonly birthDate?: string
  readonly sex?: 'M' | 'F' | 'O'
  readonly accessionNumber?: string
  /** YYYYMMDD. */
  readonly studyDate?: string
  /** Changes every UID: the same phantom becomes another study. */
  readonly occasion?: number
}

/** One slice as a file. */
export interface PhantomFile {
  /** e.g. `ct-0001.dcm`. */
  readonly name: string
  readonly sopInstanceUid: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** UIDs of a phantom's study and series. */
export interface PhantomUids {
  readonly study: string
  readonly series: string
  readonly frameOfReference: string
}

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2'
const intercept = -1024
const studyTime = '080000'

// UIDs that repeat for the same phantom: 2.25 and a number made of what distinguishes them.
function uid(phantom: ChestPhantom, occasion: number, kind: number, index = 0): string {
  const { grid, seed } = phantom
  const parts = [seed, occasion, kind, index, grid.rows, grid.slices]
  const number = parts.reduce((sum, part) => sum * 1_000_003n + BigInt(part >>> 0) + 17n, 7n)
  return `2.25.${number % 2n ** 127n}`
}

/** The UIDs that a phantom's files carry. */
export function phantomUids(phantom: ChestPhantom, identity: PhantomIdentity = {}): PhantomUids {
  const occasion = identity.occasion ?? 0
  return {
    study: uid(phantom, occasion, 1),
    series: uid(phantom, occasion, 2),
    frameOfReference: uid(phantom, occasion, 3),
  }
}

function patientAndStudy(identity: PhantomIdentity, uids: PhantomUids): WritableDataset {
  const date = identity.studyDate ?? '20260105'
  return {
    '00080005': ['CS', ['ISO_IR 192']],
    '00080020': ['DA', [date]],
    '00080021': ['DA', [date]],
    '00080022': ['DA', [date]],
    '00080023': ['DA', [date]],
    '00080030': ['TM', [studyTime]],
    '00080032': ['TM', [studyTime]],
    '00080033': ['TM', [studyTime]],
    '00080050': ['SH', [identity.accessionNumber ?? '']],
    '00080090': ['PN', ['']],
    '00081030': ['LO', ['CT chest (phantom)']],
    '00100010': ['PN', [identity.patientName ?? 'Phantom^Chest']],
    '00100020': ['LO', [identity.patientId ?? 'PHANTOM']],
    '00100030': ['DA', [identity.birthDate ?? '']],
    '00100040': ['CS', [identity.sex ?? '']],
    '0020000D': ['UI', [uids.study]],
    '0020000E': ['UI', [uids.series]],
    '00200010': ['SH', ['1']],
    '00200052': ['UI', [uids.frameOfReference]],
    '00201040': ['LO', ['']],
  }
}

function seriesAndEquipment(phantom: ChestPhantom): WritableDataset {
  return {
    '00080008': ['CS', ['ORIGINAL', 'PRIMARY', 'AXIAL']],
    '00080016': ['UI', [ctImageStorage]],
    '00080060': ['CS', ['CT']],
    '00080070': ['LO', ['Xinglin']],
    '0008103E': ['LO', ['Chest phantom, lung']],
    '00081090': ['LO', [`Phantom seed ${phantom.seed}`]],
    '00180015': ['CS', ['CHEST']],
    '00180050': ['DS', [phantom.grid.sliceMm]],
    '00180060': ['DS', [120]],
    '00185100': ['CS', ['HFS']],
    '00200011': ['IS', [1]],
    '00200012': ['IS', [1]],
  }
}

function imagePixels(phantom: ChestPhantom, slice: number): WritableDataset {
  const { rows, columns, pixelMm } = phantom.grid
  const stored = new Uint16Array(rows * columns)
  const first = slice * rows * columns
  for (let at = 0; at < stored.length; at++) stored[at] = (phantom.hu[first + at] ?? 0) - intercept
  return {
    '00280002': ['US', [1]],
    '00280004': ['CS', ['MONOCHROME2']],
    '00280010': ['US', [rows]],
    '00280011': ['US', [columns]],
    '00280030': ['DS', [pixelMm, pixelMm]],
    '00280100': ['US', [16]],
    '00280101': ['US', [12]],
    '00280102': ['US', [11]],
    '00280103': ['US', [0]],
    '00281050': ['DS', [-600]],
    '00281051': ['DS', [1500]],
    '00281052': ['DS', [intercept]],
    '00281053': ['DS', [1]],
    '00281054': ['LO', ['HU']],
    '7FE00010': ['OW', new Uint8Array(stored.buffer)],
  }
}

function imagePlane(phantom: ChestPhantom, slice: number): WritableDataset {
  const { rows, columns, slices, pixelMm, sliceMm } = phantom.grid
  const z = centreMm(slice, slices, sliceMm)
  return {
    '00200013': ['IS', [slice + 1]],
    '00200032': ['DS', [centreMm(0, columns, pixelMm), centreMm(0, rows, pixelMm), z]],
    '00200037': ['DS', [1, 0, 0, 0, 1, 0]],
    '00201041': ['DS', [z]],
  }
}

/** One slice of a phantom (0 = nearest to the feet) as a file. */
export function phantomFile(phantom: ChestPhantom, slice: number, identity: PhantomIdentity = {}): PhantomFile {
  const sopInstanceUid = uid(phantom, identity.occasion ?? 0, 4, slice)
  const bytes = writePart10({
    ...patientAndStudy(identity, phantomUids(phantom, identity)),
    ...seriesAndEquipment(phantom),
    '00080018': ['UI', [sopInstanceUid]],
    ...imagePlane(phantom, slice),
    ...imagePixels(phantom, slice),
  })
  return { name: `ct-${String(slice + 1).padStart(4, '0')}.dcm`, sopInstanceUid, bytes }
}

/** All slices of a phantom as files, one at a time. */
export function* phantomFiles(phantom: ChestPhantom, identity: PhantomIdentity = {}): Generator<PhantomFile> {
  for (let slice = 0; slice < phantom.grid.slices; slice++) yield phantomFile(phantom, slice, identity)
}
