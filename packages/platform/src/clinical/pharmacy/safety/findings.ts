// What the safety check finds about a prescription (pure): interactions with the patient's other medicines, and allergies.
import type { Resource } from '@xinglin/core/fhir'
import { entriesOf, fieldsOf } from '../elements.ts'
import { type Interaction, interactionsBetween, type Medicines, severities } from '../medicines/medicines.ts'
import { substancesOf, textsOf } from '../medicines/recognise.ts'
import { type AllergyHit, allergyHits } from './allergies.ts'

/** The medicines of a patient that a new one may meet. */
export interface PatientMedicines {
  readonly requests: readonly Resource[]
  readonly allergies: readonly Resource[]
  /** The Medication that a request refers to, where it is known. */
  readonly medication: (reference: string) => Resource | undefined
}

/** An interaction with another prescription. */
export interface InteractionFinding {
  readonly kind: 'interaction'
  readonly other: Resource
  readonly drug: string
  readonly otherDrug: string
  readonly interaction: Interaction
}

/** An allergy that the prescription meets. */
export interface AllergyFinding extends AllergyHit {
  readonly kind: 'allergy'
}

/** One finding. */
export type SafetyFinding = InteractionFinding | AllergyFinding

/** The medicine of a MedicationRequest or MedicationDispense as CodeableConcept; a reference is followed, else its display is read. */
export function medicineOf(resource: Resource, medication: PatientMedicines['medication']): unknown {
  if (resource.medicationCodeableConcept !== undefined) return resource.medicationCodeableConcept
  const { reference, display } = fieldsOf(resource.medicationReference)
  if (typeof reference !== 'string') return { text: display }
  if (reference.startsWith('#')) {
    return entriesOf(resource.contained).find(({ id }) => `#${String(id)}` === reference)?.code
  }
  return medication(reference)?.code ?? { text: display }
}

/** A readable name of the medicine. */
export function medicineName(resource: Resource, medication: PatientMedicines['medication'] = () => undefined): string {
  return textsOf(medicineOf(resource, medication))[0] ?? 'this medicine'
}

const takenStatuses = ['active', 'on-hold', 'draft']
const takenIntents = ['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order', 'plan']

/** Whether a prescription is one that is, or is about to be, taken. */
export function isTaken({ status, intent, doNotPerform }: Resource): boolean {
  return (
    takenStatuses.includes(String(status)) && takenIntents.includes(String(intent ?? 'order')) && doNotPerform !== true
  )
}

function between(
  medicines: Medicines,
  request: Resource,
  other: Resource,
  patient: PatientMedicines,
): readonly InteractionFinding[] {
  const own = substancesOf(medicines, medicineOf(request, patient.medication))
  const theirs = substancesOf(medicines, medicineOf(other, patient.medication))
  return own.flatMap((drug) =>
    theirs.flatMap((otherDrug) => {
      const [interaction] = interactionsBetween(medicines, drug, otherDrug)
      return interaction === undefined ? [] : [{ kind: 'interaction' as const, other, drug, otherDrug, interaction }]
    }),
  )
}

/** Everything found about a prescription, the most serious first; of each pair of substances the most serious interaction. */
export function findingsAbout(
  medicines: Medicines,
  request: Resource,
  patient: PatientMedicines,
): readonly SafetyFinding[] {
  const substances = substancesOf(medicines, medicineOf(request, patient.medication))
  if (substances.length === 0) return []
  const allergies = allergyHits(medicines, substances, patient.allergies).map((hit) => ({
    ...hit,
    kind: 'allergy' as const,
  }))
  const interactions = patient.requests
    .filter((other) => other.id !== request.id && isTaken(other) && other.status !== 'draft')
    .flatMap((other) => between(medicines, request, other, patient))
    .toSorted((a, b) => severities.indexOf(b.interaction.severity) - severities.indexOf(a.interaction.severity))
  return [...allergies.toSorted((a, b) => Number(b.isSerious) - Number(a.isSerious)), ...interactions]
}

/** Whether a finding refuses the prescription unless a reason is given. */
export function isRefusing(finding: SafetyFinding): boolean {
  return finding.kind === 'allergy' ? finding.isSerious : finding.interaction.severity === 'contraindicated'
}

/** A finding in one sentence. */
export function sentenceOf(medicines: Medicines, finding: SafetyFinding): string {
  const nameOf = (id: string): string => medicines.drugs.get(id)?.name ?? id
  if (finding.kind === 'allergy') {
    const to = textsOf(finding.allergy.code)[0] ?? 'a medicine'
    const through = finding.group === undefined ? '' : ` (${finding.group.en})`
    return `${nameOf(finding.drug)}: the patient has a recorded allergy to ${to}${through}`
  }
  const { interaction, drug, otherDrug } = finding
  const words = [interaction.description, interaction.advice].filter((text) => text !== '').join(' ')
  return `${nameOf(drug)} with ${nameOf(otherDrug)} is ${interaction.severity.replaceAll('-', ' ')}: ${words}`
}
