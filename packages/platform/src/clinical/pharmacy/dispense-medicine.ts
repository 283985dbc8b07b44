// What is handed out is what was prescribed (pure): the same medicine, or a substitution that was allowed or is declared.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleRead, RuleView, WriteRule } from '../../records/types.ts'
import { prescriptionsOf, takes } from './dispense.ts'
import { entriesOf, fieldsOf } from './elements.ts'
import { plainWords } from './medicines/medicines.ts'
import { textsOf } from './medicines/recognise.ts'
import { medicineOf } from './safety/findings.ts'

const id = 'medication-dispense.same-medicine'

// `E` equivalent, `EC` equivalent composition …; `N` none (http://terminology.hl7.org/CodeSystem/v3-substanceAdminSubstitution).
function substitutionOf(request: Resource): 'allowed' | 'forbidden' | 'unsaid' {
  const { allowedBoolean, allowedCodeableConcept } = fieldsOf(request.substitution)
  if (typeof allowedBoolean === 'boolean') return allowedBoolean ? 'allowed' : 'forbidden'
  const { coding } = fieldsOf(allowedCodeableConcept)
  if (!Array.isArray(coding) || coding.length === 0) return 'unsaid'
  return coding.some((one) => fieldsOf(one).code === 'N') ? 'forbidden' : 'allowed'
}

const keysOf = (concept: unknown): readonly string[] => {
  const { coding } = fieldsOf(concept)
  return entriesOf(coding).flatMap(({ system, code }) =>
    typeof code === 'string' ? [`${String(system)}|${code}`] : [],
  )
}

function isSameMedicine(request: Resource, dispense: Resource, view: RuleView): boolean {
  const [asked, given] = [request, dispense].map((one) => fieldsOf(one.medicationReference).reference)
  if (typeof asked === 'string' && asked === given && !asked.startsWith('#')) return true
  const [wanted, handed] = [request, dispense].map((one) => medicineOf(one, (reference) => view.record(reference)))
  const codes = new Set(keysOf(wanted))
  if (keysOf(handed).some((key) => codes.has(key))) return true
  const texts = new Set(textsOf(wanted).map(plainWords))
  const theirs = textsOf(handed).map(plainWords)
  if (theirs.some((text) => texts.has(text))) return true
  // Neither names a medicine: there is nothing to compare.
  return codes.size + texts.size + keysOf(handed).length + theirs.length === 0 && asked === given
}

const medicineText = (resource: Resource | undefined): string =>
  JSON.stringify([resource?.medicationCodeableConcept, resource?.medicationReference])

function reads({ after }: Change): readonly RuleRead[] {
  if (!takes(after)) return []
  const { reference } = fieldsOf(after.medicationReference)
  const own = typeof reference === 'string' && !reference.startsWith('#') ? [reference] : []
  return [...prescriptionsOf(after), ...own].map((one) => ({ kind: 'record', reference: one }) as const)
}

function check({ before, after }: Change, view: RuleView): readonly Issue[] {
  if (!takes(after)) return []
  if (takes(before) && medicineText(before) === medicineText(after)) return []
  const isDeclared = fieldsOf(after.substitution).wasSubstituted === true
  return prescriptionsOf(after).flatMap((reference) => {
    const request = view.record(reference)
    if (request === undefined || isSameMedicine(request, after, view)) return []
    const substitution = substitutionOf(request)
    if (substitution === 'allowed' || (substitution === 'unsaid' && isDeclared)) return []
    const mend =
      substitution === 'forbidden'
        ? 'the prescription forbids a substitution: ask the prescriber'
        : 'hand out what was prescribed, or declare it in MedicationDispense.substitution.wasSubstituted'
    const diagnostics = `The medicine is not the one of ${reference}: ${mend}`
    return [
      { severity: 'error', code: 'business-rule', rule: id, expression: 'MedicationDispense.medication', diagnostics },
    ]
  })
}

/** The rule about the medicine of a dispense. */
export const dispenseMedicineRule: WriteRule = {
  id,
  types: ['MedicationDispense'],
  about:
    'What is dispensed is the medicine that was prescribed, unless the prescription allows a substitution, or does not forbid it and the dispense declares one.',
  reads,
  check,
}
