// Which conditions and prescriptions are current (pure); what was entered in error is in neither list.
import type { Condition, MedicationRequest } from '../api/fhir.ts'
import { codeOf } from './concepts.ts'
import { timeOf } from './dates.ts'

/** A list in two. */
export interface CurrentAndPast<T> {
  readonly current: readonly T[]
  readonly past: readonly T[]
}

const overConditions: ReadonlySet<string> = new Set(['inactive', 'remission', 'resolved'])
const currentOrders: ReadonlySet<string> = new Set(['active', 'on-hold'])
const wrong: ReadonlySet<string> = new Set(['entered-in-error', 'refuted'])

const newestFirst =
  <T>(dateOf: (one: T) => string | undefined) =>
  (a: T, b: T): number =>
    (timeOf(dateOf(b)) ?? Number.NEGATIVE_INFINITY) - (timeOf(dateOf(a)) ?? Number.NEGATIVE_INFINITY)

/** Conditions in two, newest first; one without a clinical status and without an end counts as current. */
export function splitConditions(conditions: readonly Condition[]): CurrentAndPast<Condition> {
  const valid = conditions
    .filter(({ verificationStatus }) => !wrong.has(codeOf(verificationStatus) ?? ''))
    .toSorted(newestFirst(({ onsetDateTime, recordedDate }) => onsetDateTime ?? recordedDate))
  const isPast = ({ clinicalStatus, abatementDateTime }: Condition): boolean => {
    const state = codeOf(clinicalStatus)
    return state === undefined ? abatementDateTime !== undefined : overConditions.has(state)
  }
  return { current: valid.filter((one) => !isPast(one)), past: valid.filter(isPast) }
}

/** Prescriptions in two, newest first; proposals, plans and options are not what a patient takes. */
export function splitMedications(orders: readonly MedicationRequest[]): CurrentAndPast<MedicationRequest> {
  const taken = orders
    .filter(({ status, intent }) => !wrong.has(status ?? '') && !['proposal', 'plan', 'option'].includes(intent ?? ''))
    .toSorted(newestFirst(({ authoredOn }) => authoredOn))
  const isCurrent = ({ status }: MedicationRequest): boolean => currentOrders.has(status ?? '')
  return { current: taken.filter(isCurrent), past: taken.filter((one) => !isCurrent(one)) }
}
