// An active prescription is not raised in place (pure): more, longer or something else takes a new one.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleRead, RuleView, WriteRule } from '../../records/types.ts'
import { allowedInAll, bounds } from './dispense.ts'
import { fieldsOf } from './elements.ts'

const id = 'medication-request.not-raised'
const valid = ['active', 'on-hold']

// A record that is created again under the id of a deleted one is compared with what it was.
function beforeOf(change: Change, view: RuleView): Resource | undefined {
  return change.before ?? (change.isRevival ? view.deleted(`${change.type}/${change.id}`) : undefined)
}

function raisedQuantity(before: Resource, after: Resource): string | undefined {
  const old = allowedInAll(before)
  const fresh = allowedInAll(after)
  if (old === undefined) return undefined
  if (fresh === undefined) return `its quantity of ${old.value} ${old.unit} in all was taken away`
  if (fresh.unit !== old.unit) return `its unit was changed from "${old.unit}" to "${fresh.unit}"`
  if (fresh.value <= old.value * (1 + 1e-9)) return undefined
  return `its quantity was raised from ${old.value} to ${fresh.value} ${old.unit} in all`
}

function stretchedValidity(before: Resource, after: Resource): string | undefined {
  const endOf = (request: Resource) => fieldsOf(fieldsOf(request.dispenseRequest).validityPeriod).end
  const old = bounds(endOf(before))
  const fresh = bounds(endOf(after))
  if (old === undefined) return undefined
  if (fresh === undefined) return `its end (${String(endOf(before))}) was taken away`
  return fresh.endMs > old.endMs
    ? `its end was moved from ${String(endOf(before))} to ${String(endOf(after))}`
    : undefined
}

function exchanged(before: Resource, after: Resource): string | undefined {
  const text = (request: Resource) =>
    JSON.stringify([
      request.medicationCodeableConcept,
      request.medicationReference,
      fieldsOf(request.subject).reference,
    ])
  return text(before) === text(after) ? undefined : 'its medicine or its patient was exchanged'
}

function check(change: Change, view: RuleView): readonly Issue[] {
  const before = beforeOf(change, view)
  const { after } = change
  if (before === undefined || after === undefined || !valid.includes(String(before.status))) return []
  if (after.status === 'entered-in-error') return []
  const faults = [raisedQuantity(before, after), stretchedValidity(before, after), exchanged(before, after)]
  return faults.flatMap((fault) => {
    if (fault === undefined) return []
    const diagnostics = `MedicationRequest/${change.id} is "${String(before.status)}" and ${fault}: write a new prescription and name this one in priorPrescription`
    return [
      {
        severity: 'error',
        code: 'business-rule',
        rule: id,
        expression: 'MedicationRequest.dispenseRequest',
        diagnostics,
      },
    ]
  })
}

/** The rule about changes to an active prescription. */
export const prescriptionRule: WriteRule = {
  id,
  types: ['MedicationRequest'],
  about:
    'An active prescription is not raised in place: a larger quantity, a later end, or another medicine takes a new prescription.',
  reads: (change): readonly RuleRead[] =>
    change.isRevival ? [{ kind: 'deleted', reference: `${change.type}/${change.id}` }] : [],
  check,
}
