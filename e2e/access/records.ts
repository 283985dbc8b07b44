// The records that are asked for: everything of one patient, each with a mark that may reach no stranger.
import { patients } from './callers.ts'

/** Stands in every text of the records, and in nothing else. */
export const mark = 'Wurzelsepp'

const about = { reference: `Patient/${patients.asked}` }
const code = { text: mark, coding: [{ system: 'urn:code', code: 'c' }] }

/** The records by type; their ids are `<type>-asked` in small letters, the Patients' own apart. */
export const records: readonly {
  readonly resourceType: string
  readonly id: string
  readonly [name: string]: unknown
}[] = [
  { resourceType: 'Patient', id: patients.other, name: [{ family: 'Other' }] },
  { resourceType: 'Patient', id: patients.asked, name: [{ family: mark }], birthDate: '1931-07-13' },
  {
    resourceType: 'Consent',
    id: 'consent-asked',
    status: 'inactive',
    scope: code,
    category: [code],
    patient: about,
    policyRule: code,
  },
  { resourceType: 'Observation', id: 'observation-asked', status: 'final', code, subject: about },
  { resourceType: 'Condition', id: 'condition-asked', code, subject: about },
  {
    resourceType: 'MedicationRequest',
    id: 'medicationrequest-asked',
    status: 'draft',
    intent: 'plan',
    medicationCodeableConcept: { text: mark },
    subject: about,
  },
]
