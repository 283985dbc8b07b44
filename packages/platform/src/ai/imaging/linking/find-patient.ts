// Finds the Patient of a study: by identifier, or by the record's own id; what contradicts is never joined.
import type { CallService } from '../../../kernel/ports.ts'

/** What a study says of its patient. */
export interface StudyPatient {
  readonly patientId: string
  /** `YYYYMMDD`, or empty. */
  readonly birthDate: string
  /** `M`, `F`, `O`, or empty. */
  readonly sex: string
}

/** Why a study has no patient. */
export type Unassigned = 'no-identifier' | 'unknown' | 'ambiguous' | 'birth-date-differs' | 'sex-differs' | 'by-hand'

/** What was found. */
export type FoundPatient = { readonly patient: string } | { readonly reason: Unassigned }

interface Patient {
  readonly id: string
  readonly birthDate?: string
  readonly gender?: string
}

// A chain of dots would be read as a part of the address.
const resourceId = /^(?!\.+$)[A-Za-z0-9.-]{1,64}$/
const sexes: Readonly<Record<string, string>> = { M: 'male', F: 'female' }
const callLimitMs = 10_000

// `\`, `,`, `$` and `|` mean something in a token (http://hl7.org/fhir/R4/search.html#escaping).
const escapeToken = (value: string): string => value.replace(/[\\,$|]/g, (character) => `\\${character}`)

async function byIdentifier(call: CallService, identifier: string): Promise<readonly Patient[]> {
  const query = new URLSearchParams({
    identifier: escapeToken(identifier),
    _count: '2',
    _elements: 'id,birthDate,gender',
  })
  const answer = await call('patient')(`/fhir/Patient?${query}`, { timeoutMs: callLimitMs })
  if (!answer.ok) throw new Error(`The patient service answered ${answer.status} to a search by identifier`)
  const bundle = (await answer.json()) as { readonly entry?: readonly { readonly resource: Patient }[] }
  return (bundle.entry ?? []).map(({ resource }) => resource)
}

async function byId(call: CallService, id: string): Promise<readonly Patient[]> {
  if (!resourceId.test(id)) return []
  const answer = await call('patient')(`/fhir/Patient/${id}`, { timeoutMs: callLimitMs })
  if (answer.ok) return [(await answer.json()) as Patient]
  if (answer.status === 404 || answer.status === 410) return []
  throw new Error(`The patient service answered ${answer.status} to a read`)
}

function judged(patient: Patient, { birthDate, sex }: StudyPatient): FoundPatient {
  const known = patient.birthDate?.replaceAll('-', '')
  // A date of the record may name the year, or year and month, alone.
  if (known !== undefined && birthDate.length === 8 && !birthDate.startsWith(known))
    return { reason: 'birth-date-differs' }
  const gender = sexes[sex]
  const isKnown = patient.gender === 'male' || patient.gender === 'female'
  return gender !== undefined && isKnown && gender !== patient.gender
    ? { reason: 'sex-differs' }
    : { patient: patient.id }
}

/** Finds the patient. @throws Error when the patient service cannot answer; then it is tried again */
export async function findPatient(call: CallService, study: StudyPatient): Promise<FoundPatient> {
  if (study.patientId === '') return { reason: 'no-identifier' }
  const found = await byIdentifier(call, study.patientId)
  const matches = found.length > 0 ? found : await byId(call, study.patientId)
  const [first, ...others] = matches
  if (first === undefined) return { reason: 'unknown' }
  return others.length > 0 ? { reason: 'ambiguous' } : judged(first, study)
}
