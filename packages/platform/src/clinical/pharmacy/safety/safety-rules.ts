// The safety check as write rules: what is contraindicated or meets a serious allergy is refused unless a reason is given.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleRead, RuleView, WriteRule } from '../../../records/types.ts'
import { entriesOf, type Fields, fieldsOf, referenceOf } from '../elements.ts'
import type { Medicines } from '../medicines/medicines.ts'
import {
  findingsAbout,
  isRefusing,
  isTaken,
  type PatientMedicines,
  type SafetyFinding,
  sentenceOf,
} from './findings.ts'

// What an update leaves as it was needs no second check: the status alone may change at any time.
const medicineText = (resource: Resource | undefined): string =>
  JSON.stringify([resource?.medicationCodeableConcept, resource?.medicationReference, resource?.subject])

function isPrescribing({ before, after }: Change): boolean {
  if (after === undefined || after.status === 'draft' || after.status === 'on-hold' || !isTaken(after)) return false
  const wasActive = before !== undefined && before.status === 'active'
  return !wasActive || medicineText(before) !== medicineText(after)
}

function overrideReferences(request: Resource): readonly string[] {
  return entriesOf(request.detectedIssue).flatMap((item) => referenceOf(item) ?? [])
}

function readsOf(kind: 'MedicationRequest' | 'AllergyIntolerance') {
  return (change: Change): readonly RuleRead[] => {
    const { after } = change
    const patient = referenceOf(after?.subject)
    if (after === undefined || patient === undefined || !isPrescribing(change)) return []
    const records = [referenceOf(after.medicationReference), ...overrideReferences(after)].filter(
      (reference) => reference !== undefined && !reference.startsWith('#'),
    )
    return [
      { kind: 'referrers', type: kind, parameter: 'patient', to: patient },
      ...records.map((reference) => ({ kind: 'record', reference: reference ?? '' }) as const),
    ]
  }
}

const leastReason = 5

/**
 * The reason given for prescribing all the same: the mitigation of a DetectedIssue that the prescription contains or refers
 * to (http://hl7.org/fhir/R4/detectedissue.html), in at least five characters.
 */
export function overrideReason(
  request: Resource,
  record: (reference: string) => Resource | undefined,
): string | undefined {
  const contained = entriesOf(request.contained)
  const issues: readonly Fields[] = overrideReferences(request).flatMap((reference) => {
    const own: Fields | undefined = contained.find(({ id }) => `#${String(id)}` === reference) ?? record(reference)
    return own === undefined ? [] : [own]
  })
  const reasons = issues
    .filter(({ resourceType }) => resourceType === 'DetectedIssue')
    .flatMap((issue) => entriesOf(fieldsOf(issue).mitigation))
    .flatMap(({ action }) => [
      fieldsOf(action).text,
      ...entriesOf(fieldsOf(action).coding).map(({ display }) => display),
    ])
  return reasons.find((reason): reason is string => typeof reason === 'string' && reason.trim().length >= leastReason)
}

function issueOf(rule: string, medicines: Medicines, finding: SafetyFinding, reason: string | undefined): Issue {
  const refuses = isRefusing(finding) && reason === undefined
  const sentence = sentenceOf(medicines, finding)
  const mend =
    'To prescribe all the same, name the reason in the mitigation of a DetectedIssue that MedicationRequest.detectedIssue refers to.'
  return {
    severity: refuses ? 'error' : 'warning',
    code: 'business-rule',
    rule,
    expression: 'MedicationRequest.medication',
    diagnostics: refuses ? `${sentence} ${mend}` : sentence,
  }
}

function check(kind: SafetyFinding['kind'], rule: string, current: () => Medicines) {
  return (change: Change, view: RuleView): readonly Issue[] => {
    const { after } = change
    const to = referenceOf(after?.subject)
    if (after === undefined || to === undefined || !isPrescribing(change)) return []
    const patient: PatientMedicines = {
      requests: kind === 'interaction' ? view.referrers('MedicationRequest', 'patient', to) : [],
      allergies: kind === 'allergy' ? view.referrers('AllergyIntolerance', 'patient', to) : [],
      medication: (reference) => view.record(reference),
    }
    const reason = overrideReason(after, (reference) => view.record(reference))
    const medicines = current()
    return findingsAbout(medicines, { ...after, id: change.id }, patient)
      .filter((finding) => finding.kind === kind)
      .map((finding) => issueOf(rule, medicines, finding, reason))
  }
}

/** The rules; the knowledge is asked for at each check, so that a newly activated version counts at once. */
export function medicationSafetyRules(current: () => Medicines): readonly WriteRule[] {
  return [
    {
      id: 'medication-request.interaction',
      types: ['MedicationRequest'],
      about:
        'A medicine that is contraindicated with another one the patient takes is not prescribed without a reason; lesser interactions are told.',
      reads: readsOf('MedicationRequest'),
      check: check('interaction', 'medication-request.interaction', current),
    },
    {
      id: 'medication-request.allergy',
      types: ['MedicationRequest'],
      about:
        'A medicine that the patient is seriously allergic to is not prescribed without a reason; lesser risks are told.',
      reads: readsOf('AllergyIntolerance'),
      check: check('allergy', 'medication-request.allergy', current),
    },
  ]
}
