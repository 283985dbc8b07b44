// Keeps an ImagingStudy for each study that imaging announces: the same announcement twice changes nothing.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Caller } from '../../kernel/caller.ts'
import type { DeliveredEvent, Ports } from '../../kernel/ports.ts'
import { accessFor, type FhirServing } from '../../records/index.ts'

/** A study as imaging announces it. */
export interface AnnouncedStudy {
  readonly studyInstanceUid: string
  /** Id of the Patient; null when none is known (any more). */
  readonly patient: string | null
  /** `YYYYMMDD`, or empty. */
  readonly studyDate: string
  readonly accession: string
  readonly description: string
  readonly modalities: readonly string[]
  readonly instances: number
  readonly seriesList: readonly {
    readonly seriesInstanceUid: string
    readonly modality: string
    readonly number: number | null
    readonly description: string
    readonly instances: number
  }[]
}

const topic = 'imaging.study-announced'
const modalitySystem = 'http://dicom.nema.org/resources/ontology/DCM'
const writeLimitMs = 30_000
const caller: Caller = Object.freeze({
  subject: 'xinglin:emr',
  name: 'Xinglin',
  roles: ['system' as const],
  scopes: [],
  purpose: 'HOPERAT',
})

const filled = (name: string, value: string): Readonly<Record<string, string>> =>
  value === '' ? {} : { [name]: value }

function startedOf(date: string): Readonly<Record<string, string>> {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  const text = `${year}-${month}-${day}`
  return year !== undefined && !Number.isNaN(Date.parse(text)) ? { started: text } : {}
}

const coding = (code: string) => ({ system: modalitySystem, code })

/** The ImagingStudy of an announced study that has a patient; its id is the Study Instance UID. */
export function imagingStudyOf(study: AnnouncedStudy): Resource {
  const { studyInstanceUid: uid, accession, seriesList } = study
  return {
    resourceType: 'ImagingStudy',
    id: uid,
    identifier: [
      { system: 'urn:dicom:uid', value: `urn:oid:${uid}` },
      ...(accession === ''
        ? []
        : [
            {
              type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] },
              value: accession,
            },
          ]),
    ],
    status: study.instances === 0 ? 'cancelled' : 'available',
    ...(study.modalities.length === 0 ? {} : { modality: study.modalities.map(coding) }),
    subject: { reference: `Patient/${study.patient}` },
    ...startedOf(study.studyDate),
    numberOfSeries: seriesList.length,
    numberOfInstances: study.instances,
    ...filled('description', study.description),
    ...(seriesList.length === 0
      ? {}
      : {
          series: seriesList.map(({ seriesInstanceUid, modality, number, description, instances }) => ({
            uid: seriesInstanceUid,
            ...(number === null || number < 0 ? {} : { number }),
            modality: coding(modality),
            ...filled('description', description),
            numberOfInstances: instances,
          })),
        }),
  }
}

const withoutMeta = ({ meta: _meta, ...rest }: Resource): string => JSON.stringify(rest)

/** Subscribes the EMR to imaging's announcements. */
export function keepImagingStudies(events: Ports['events'], serving: Pick<FhirServing, 'records' | 'baseUrl'>): void {
  const { records, baseUrl } = serving
  const target = (id: string) => ({ type: 'ImagingStudy', id })
  const context = (traceId = '0'.repeat(32)) => {
    const deadline = AbortSignal.timeout(writeLimitMs)
    return { caller, access: accessFor(caller), traceId, deadline, baseUrl }
  }
  const known = async (id: string): Promise<Resource | undefined> => {
    try {
      const { content } = await records.read(context(), 'ImagingStudy', id)
      return content === undefined ? undefined : (JSON.parse(content) as Resource) // the store wrote it
    } catch (error) {
      if (error instanceof AppError && ['not-found', 'deleted'].includes(error.code)) return undefined
      throw error
    }
  }
  events.subscribe('emr.imaging-studies', [topic], async (event: DeliveredEvent) => {
    const study = event.payload as unknown as AnnouncedStudy // imaging wrote it
    const before = await known(study.studyInstanceUid)
    // A study that nobody knows the patient of has no record; one that was taken away leaves its record as an error.
    if (study.patient === null && before === undefined) return
    const ended = study.instances === 0 ? 'cancelled' : 'entered-in-error'
    const isTaken = study.patient === null && before !== undefined
    const after = isTaken ? { ...before, status: ended } : imagingStudyOf(study)
    if (before !== undefined && withoutMeta(before) === withoutMeta(after)) return
    await records.update(context(), { target: target(study.studyInstanceUid), content: JSON.stringify(after) })
  })
}
