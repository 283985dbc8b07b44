// What the index keeps of one DICOM object: its study, series and instance, with the JSON that queries answer (pure).

import {
  type Attribute,
  type DicomHeader,
  type DicomJson,
  dicomJsonText,
  frameBytes,
  itemsOf,
  metadataOf,
  numberOf,
  personNameOf,
  pixelDescription,
  textOf,
  textsOf,
  vrOf,
} from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'

/** The study of an object. */
export interface StudyEntry {
  readonly studyUid: string
  readonly patientId: string
  readonly patientName: string
  readonly birthDate: string
  readonly sex: string
  readonly studyDate: string
  readonly studyTime: string
  readonly accession: string
  readonly studyId: string
  readonly description: string
  readonly referring: string
  /** JSON members, separated by the byte \x02. */
  readonly attributes: string
}

/** The series of an object. */
export interface SeriesEntry {
  readonly seriesUid: string
  readonly modality: string
  readonly number: number | null
  readonly description: string
  readonly bodyPart: string
  readonly performedDate: string
  readonly performedTime: string
  readonly stepIds: readonly string[]
  readonly requestIds: readonly string[]
  readonly attributes: string
}

/** The object itself. */
export interface InstanceEntry {
  readonly sopUid: string
  readonly sopClass: string
  readonly number: number | null
  readonly transferSyntax: string
  /** 0 when it is no image. */
  readonly frames: number
  readonly frameBytes: number | null
  readonly pixelStart: number | null
  readonly pixelBytes: number | null
  readonly attributes: string
  /** Whole, as a JSON text in which the byte \x01 stands for the base URL. */
  readonly metadata: string
}

/** All that is kept of an object. */
export interface CatalogueEntry {
  readonly study: StudyEntry
  readonly series: SeriesEntry
  readonly instance: InstanceEntry
}

/** Stands for the base URL in the metadata that are kept. */
export const baseMark = '\u0001'

/** Separates the JSON members of a level. */
export const memberMark = '\u0002'

/** Attributes of a study that queries answer (PS3.18 table 10.6.3-3), and its description. */
export const studyTags = [
  ...['00080020', '00080030', '00080050', '00080090', '00080201', '00081030'],
  ...['00100010', '00100020', '00100030', '00100040', '0020000D', '00200010'],
]
/** Attributes of a series that queries answer (PS3.18 table 10.6.3-4), and its body part. */
export const seriesTags = [
  '00080060',
  '0008103E',
  '00180015',
  '0020000E',
  '00200011',
  '00400244',
  '00400245',
  '00400275',
]
/** Attributes of an instance that queries answer (PS3.18 table 10.6.3-5). */
export const instanceTags = ['00080016', '00080018', '00200013', '00280008', '00280010', '00280011', '00280100']

const uidPattern = /^[0-9.]{1,64}$/
const maxInteger = 2_147_483_647
const maxText = 1024

function members(metadata: DicomJson, tags: readonly string[]): string {
  return tags
    .map((tag): string => {
      const empty: Attribute = { vr: vrOf(tag) ?? 'UN' }
      return `"${tag}":${JSON.stringify(metadata[tag] ?? empty)}`
    })
    .join(memberMark)
}

function requireUid(metadata: DicomJson, tag: string, name: string): string {
  const uid = textOf(metadata, tag)
  if (uid !== undefined && uidPattern.test(uid)) return uid
  throw new AppError('unprocessable', `The object lacks a valid ${name}`)
}

const text = (metadata: DicomJson, tag: string): string => (textOf(metadata, tag) ?? '').slice(0, maxText)

function whole(metadata: DicomJson, tag: string): number | null {
  const value = numberOf(metadata, tag)
  return value !== undefined && Number.isInteger(value) && Math.abs(value) <= maxInteger ? value : null
}

function studyOf(metadata: DicomJson): StudyEntry {
  return {
    studyUid: requireUid(metadata, '0020000D', 'Study Instance UID (0020,000D)'),
    patientId: text(metadata, '00100020'),
    patientName: (personNameOf(metadata, '00100010') ?? '').slice(0, maxText),
    birthDate: text(metadata, '00100030'),
    sex: text(metadata, '00100040'),
    studyDate: text(metadata, '00080020'),
    studyTime: text(metadata, '00080030'),
    accession: text(metadata, '00080050'),
    studyId: text(metadata, '00200010'),
    description: text(metadata, '00081030'),
    referring: (personNameOf(metadata, '00080090') ?? '').slice(0, maxText),
    attributes: members(metadata, studyTags),
  }
}

function seriesOf(metadata: DicomJson): SeriesEntry {
  const requests = itemsOf(metadata, '00400275')
  return {
    seriesUid: requireUid(metadata, '0020000E', 'Series Instance UID (0020,000E)'),
    modality: text(metadata, '00080060') || 'OT',
    number: whole(metadata, '00200011'),
    description: text(metadata, '0008103E'),
    bodyPart: text(metadata, '00180015'),
    performedDate: text(metadata, '00400244'),
    performedTime: text(metadata, '00400245'),
    stepIds: requests.flatMap((request) => textsOf(request, '00400009')),
    requestIds: requests.flatMap((request) => textsOf(request, '00401001')),
    attributes: members(metadata, seriesTags),
  }
}

// An image whose description contradicts itself is kept and listed; it only cannot be shown.
function pixelsOf(metadata: DicomJson): { readonly frames: number; readonly frameBytes: number | null } {
  try {
    const description = pixelDescription(metadata)
    if (description === undefined) return { frames: 0, frameBytes: null }
    return { frames: description.frames, frameBytes: frameBytes(description) }
  } catch (error) {
    if (error instanceof AppError) return { frames: 0, frameBytes: null }
    throw error
  }
}

/** Makes the entry of a header; `mark` is a text that nobody can know before, and that no file therefore contains. */
export function catalogueEntry(header: DicomHeader, mark: string): CatalogueEntry {
  const uid = (tag: string): string => header.dataset.string(`x${tag}`)?.trim() ?? ''
  const address = `studies/${uid('0020000d')}/series/${uid('0020000e')}/instances/${header.sopInstance}`
  const metadata = metadataOf(header, { bulkDataUri: (path) => `${mark}/${address}/bulkdata/${path}` })
  const { pixelData, isDeflated } = header
  return {
    study: studyOf(metadata),
    series: seriesOf(metadata),
    instance: {
      sopUid: header.sopInstance,
      sopClass: header.sopClass,
      number: whole(metadata, '00200013'),
      transferSyntax: header.transferSyntax,
      ...pixelsOf(metadata),
      pixelStart: isDeflated ? null : (pixelData?.offset ?? null),
      pixelBytes: isDeflated ? null : (pixelData?.lengthBytes ?? null),
      attributes: members(metadata, instanceTags),
      // JSON writes the byte itself as an escape, so a raw one is always ours.
      metadata: dicomJsonText(metadata).replaceAll(`"${mark}/`, `"${baseMark}/`),
    },
  }
}
