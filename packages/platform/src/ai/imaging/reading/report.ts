// A reading as FHIR: one Observation a nodule and the report over them, draft or signed (pure).
import type { Bundle, Resource } from '@xinglin/core/fhir'
import type { Reading, ReadingNodule } from './reading.ts'
import { type Coding, codes, quantity } from './report-codes.ts'

/** The study as the report names it. */
export interface ReportedStudy {
  /** Id of the FHIR Patient. */
  readonly patient: string
  /** FHIR dateTime. */
  readonly at: string
}

/** Who signs, and what they conclude. */
export interface Signature {
  /** Reference such as `Practitioner/dr-li`; undefined when the credential names no record. */
  readonly actor: string | undefined
  readonly name: string
  readonly at: Date
  /** In the radiologist's own words; the nodules are listed without it. */
  readonly conclusion?: string
}

/** Said on everything that a model wrote and nobody signed. */
export const draftNotice = 'AI, not signed. Decision support: the marks of a model, to be checked by a radiologist.'

const concept = (coding: Coding, text?: string): object => ({
  coding: [coding],
  ...(text === undefined ? {} : { text }),
})

/** Id of a reading's report. */
export function reportId(reading: Pick<Reading, 'id'>): string {
  return `reading-${reading.id}`
}

/** Id of the Observation of a nodule. */
export function observationId(reading: Pick<Reading, 'id'>, number: number): string {
  return `nodule-${reading.id}-${number}`
}

function studyReference({ studyUid }: Reading): object {
  return { type: 'ImagingStudy', identifier: { system: 'urn:dicom:uid', value: `urn:oid:${studyUid}` } }
}

function device({ model, modelVersion }: Reading): Resource {
  return {
    resourceType: 'Device',
    id: 'model',
    deviceName: [{ name: model, type: 'model-name' }],
    ...(modelVersion === '' ? {} : { version: [{ value: modelVersion }] }),
  }
}

function statusOf(nodule: ReadingNodule, isSigned: boolean): string {
  if (!isSigned) return 'preliminary'
  return nodule.decision === 'rejected' ? 'cancelled' : 'final'
}

/** One line about a nodule. */
export function sentenceOf({ number, measures }: Pick<ReadingNodule, 'number' | 'measures'>): string {
  const { longAxisMm, shortAxisMm, volumeMm3, meanHu, density, side, confidence } = measures
  return (
    `Nodule ${number}: ${density}, ${side} lung, ${longAxisMm.toFixed(1)} × ${shortAxisMm.toFixed(1)} mm, ` +
    `${Math.round(volumeMm3)} mm³, mean ${Math.round(meanHu)} HU (model confidence ${Math.round(100 * confidence)} %)`
  )
}

function observation(reading: Reading, nodule: ReadingNodule, study: ReportedStudy, isSigned: boolean): Resource {
  const { measures, number } = nodule
  const part = (code: Coding, valueQuantity: object): object => ({ code: concept(code), valueQuantity })
  return {
    resourceType: 'Observation',
    id: observationId(reading, number),
    meta: { security: [codes.byMachine] },
    contained: [device(reading)],
    status: statusOf(nodule, isSigned),
    category: [concept(codes.imaging)],
    code: concept(codes.nodule, 'Lung nodule'),
    subject: { reference: `Patient/${study.patient}` },
    effectiveDateTime: study.at,
    valueString: sentenceOf(nodule),
    bodySite: concept(measures.side === 'left' ? codes.leftLung : codes.rightLung),
    device: { reference: '#model' },
    derivedFrom: [studyReference(reading)],
    component: [
      part(codes.longAxis, quantity(measures.longAxisMm, 1, 'mm')),
      part(codes.shortAxis, quantity(measures.shortAxisMm, 1, 'mm')),
      part(codes.volume, quantity(measures.volumeMm3, 0, 'mm3')),
      part(codes.attenuation, quantity(measures.meanHu, 0, "[hnsf'U]", 'HU')),
      part(codes.certainty, quantity(100 * measures.confidence, 0, '%')),
    ],
  }
}

function conclusionOf(nodules: readonly ReadingNodule[], signature: Signature | undefined): string {
  const told = signature === undefined ? nodules : nodules.filter(({ decision }) => decision === 'accepted')
  const list = told.length === 0 ? 'No lung nodule.' : told.map(sentenceOf).join('\n')
  if (signature === undefined) return `${draftNotice}\n${told.length === 0 ? 'The model marked no lung nodule.' : list}`
  return signature.conclusion === undefined ? list : `${signature.conclusion}\n${list}`
}

function signed({ actor, name, at }: Signature): object {
  const person = { ...(actor === undefined ? {} : { reference: actor }), display: name }
  return { issued: at.toISOString(), performer: [person], resultsInterpreter: [person] }
}

function report(
  reading: Reading,
  nodules: readonly ReadingNodule[],
  study: ReportedStudy,
  signature: Signature | undefined,
): Resource {
  return {
    resourceType: 'DiagnosticReport',
    id: reportId(reading),
    meta: { security: [codes.byMachine] },
    identifier: [{ system: 'urn:xinglin:reading', value: reading.id }],
    status: signature === undefined ? 'preliminary' : 'final',
    category: [concept(codes.radiology)],
    code: concept(codes.chestCt, 'CT chest, read for lung nodules'),
    subject: { reference: `Patient/${study.patient}` },
    effectiveDateTime: study.at,
    ...(signature === undefined ? { issued: reading.created.toISOString() } : signed(signature)),
    ...(nodules.length === 0
      ? {}
      : { result: nodules.map(({ number }) => ({ reference: `Observation/${observationId(reading, number)}` })) }),
    imagingStudy: [studyReference(reading)],
    conclusion: conclusionOf(nodules, signature),
  }
}

/** The report and its observations as one transaction; written again it changes nothing. */
export function reportBundle(
  reading: Reading,
  nodules: readonly ReadingNodule[],
  study: ReportedStudy,
  signature?: Signature,
): Bundle {
  const isSigned = signature !== undefined
  const resources = [
    ...nodules.map((nodule) => observation(reading, nodule, study, isSigned)),
    report(reading, nodules, study, signature),
  ]
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  }
}
