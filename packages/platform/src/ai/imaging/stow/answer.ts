// The answer to a store request (PS3.18 section 10.5.3): what was stored, what was not, and why (pure).
import type { Attribute, DicomJson } from '@xinglin/core/dicom'
import type { AppError } from '@xinglin/core/errors'
import type { IngestResult } from '../store/ingest.ts'
import type { Refused } from '../store/receive.ts'

/** An answer as HTTP sends it. */
export interface StoreAnswer {
  /** 200 all stored, 202 some, 409 none. */
  readonly status: 200 | 202 | 409
  readonly body: DicomJson
}

// PS3.18 table 10.5.3-1 and PS3.4 table B.2-1; PS3.7 annex C for the rest.
const processingFailure = 0x0110
const duplicateInstance = 0x0111
const outOfResources = 0xa700
const dataSetMismatch = 0xa900
const cannotUnderstand = 0xc000
// Error Comment (0000,0902) is a long string.
const maxComment = 64

const ui = (uid: string): Attribute => ({ vr: 'UI', Value: [uid] })
const us = (value: number): Attribute => ({ vr: 'US', Value: [value] })

/** Why an object was not stored, as a DICOM status. */
export function failureReason({ code }: AppError): number {
  if (code === 'conflict') return duplicateInstance
  if (code === 'business-rule') return dataSetMismatch
  if (code === 'too-large') return outOfResources
  return code === 'unprocessable' ? cannotUnderstand : processingFailure
}

/** Writes the answer; addresses begin with `baseUrl`. */
export function storeAnswer({ stored, refused }: IngestResult, baseUrl: string): StoreAnswer {
  const [first] = stored
  const references = stored.map(
    ({ sopUid, sopClass, seriesUid, studyUid }): DicomJson => ({
      '00081150': ui(sopClass),
      '00081155': ui(sopUid),
      '00081190': { vr: 'UR', Value: [`${baseUrl}/studies/${studyUid}/series/${seriesUid}/instances/${sopUid}`] },
    }),
  )
  const failureOf = ({ sopUid, sopClass, error }: Refused): DicomJson => ({
    '00000902': { vr: 'LO', Value: [error.message.slice(0, maxComment)] },
    ...(sopClass === undefined ? {} : { '00081150': ui(sopClass) }),
    ...(sopUid === undefined ? {} : { '00081155': ui(sopUid) }),
    '00081197': us(failureReason(error)),
  })
  const known = refused.filter(({ sopUid }) => sopUid !== undefined).map(failureOf)
  const others = refused.filter(({ sopUid }) => sopUid === undefined).map(failureOf)
  return {
    status: refused.length === 0 ? 200 : stored.length === 0 ? 409 : 202,
    body: {
      ...(first === undefined ? {} : { '00081190': { vr: 'UR', Value: [`${baseUrl}/studies/${first.studyUid}`] } }),
      ...(known.length === 0 ? {} : { '00081198': { vr: 'SQ', Value: known } }),
      ...(references.length === 0 ? {} : { '00081199': { vr: 'SQ', Value: references } }),
      ...(others.length === 0 ? {} : { '0008119A': { vr: 'SQ', Value: others } }),
    },
  }
}
