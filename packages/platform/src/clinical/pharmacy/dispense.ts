// What must hold before a medicine is handed out against a prescription (pure).
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleRead, RuleView, WriteRule } from '../../records/types.ts'
import { entriesOf, fieldsOf, referenceOf } from './elements.ts'

interface Quantity {
  readonly value: number
  readonly unit: string
}

// A dispense in one of these statuses takes medicine out of the prescription.
const takingStatuses = ['preparation', 'in-progress', 'on-hold', 'completed']

function quantity(value: unknown): Quantity | undefined {
  const { value: amount, code, unit } = fieldsOf(value)
  if (typeof amount !== 'number') return undefined
  return { value: amount, unit: typeof code === 'string' ? code : typeof unit === 'string' ? unit : '' }
}

/** The prescriptions that a dispense is made against, without their versions. */
export function prescriptionsOf(dispense: Resource | undefined): readonly string[] {
  return entriesOf(dispense?.authorizingPrescription).flatMap((item) => referenceOf(item) ?? [])
}

/** Whether a dispense takes medicine out of its prescription. */
export function takes(dispense: Resource | undefined): dispense is Resource {
  return dispense !== undefined && takingStatuses.includes(String(dispense.status))
}

function isCorrection(change: Change): boolean {
  return takes(change.before) && takes(change.after) && change.before.status === 'completed'
}

function readPrescriptions(change: Change): readonly RuleRead[] {
  if (!takes(change.after)) return []
  return prescriptionsOf(change.after).map((reference) => ({ kind: 'record', reference }) as const)
}

function readPrescriptionsAndDispenses(change: Change): readonly RuleRead[] {
  const reads = readPrescriptions(change)
  const siblings = reads.flatMap((read) =>
    read.kind === 'record'
      ? [{ kind: 'referrers', type: 'MedicationDispense', parameter: 'prescription', to: read.reference } as const]
      : [],
  )
  return [...reads, ...siblings]
}

function refusal(rule: string, expression: string, diagnostics: string): Issue {
  return { severity: 'error', code: 'business-rule', rule, expression: `MedicationDispense.${expression}`, diagnostics }
}

function checkActive(change: Change, view: RuleView): readonly Issue[] {
  const rule = 'medication-dispense.active-request'
  if (!takes(change.after) || isCorrection(change)) return []
  const references = prescriptionsOf(change.after)
  if (references.length === 0) {
    return [
      refusal(
        rule,
        'authorizingPrescription',
        'A medicine is dispensed only against a prescription: name an active MedicationRequest in authorizingPrescription',
      ),
    ]
  }
  return references.flatMap((reference) => {
    const request = view.record(reference)
    if (request === undefined)
      return [
        refusal(
          rule,
          'authorizingPrescription',
          `${reference} is not known here: dispense against an existing, active MedicationRequest`,
        ),
      ]
    const dispensed = change.before !== undefined && takes(change.before) && request.status === 'completed'
    if (request.status === 'active' || dispensed) return []
    return [
      refusal(
        rule,
        'authorizingPrescription',
        `${reference} is "${String(request.status)}": only an active prescription may be dispensed`,
      ),
    ]
  })
}

/** What a prescription allows in all: its quantity times one plus its repeats; undefined where it sets none. */
export function allowedInAll(request: Resource): Quantity | undefined {
  const dispenseRequest = fieldsOf(request.dispenseRequest)
  const once = quantity(dispenseRequest.quantity)
  const repeats =
    typeof dispenseRequest.numberOfRepeatsAllowed === 'number' ? dispenseRequest.numberOfRepeatsAllowed : 0
  return once === undefined ? undefined : { value: once.value * (1 + repeats), unit: once.unit }
}

function checkQuantityOf(change: Change, view: RuleView, reference: string): readonly Issue[] {
  const rule = 'medication-dispense.quantity-left'
  const request = view.record(reference)
  const allowed = request === undefined ? undefined : allowedInAll(request)
  if (allowed === undefined) return []
  const asked = quantity(change.after?.quantity)
  if (asked === undefined) {
    return [
      refusal(
        rule,
        'quantity',
        `${reference} allows ${allowed.value} ${allowed.unit} in all: state the quantity dispensed so that it can be counted`,
      ),
    ]
  }
  if (asked.value <= 0) {
    return [
      refusal(
        rule,
        'quantity',
        `A dispense of ${asked.value} ${asked.unit} gives nothing: state a quantity above zero`,
      ),
    ]
  }
  const others = view
    .referrers('MedicationDispense', 'prescription', reference)
    .filter((other) => takes(other) && other.id !== change.id)
  const earlier = others.map((other) => quantity(other.quantity))
  const foreign = [asked, ...earlier].find((each) => each !== undefined && each.unit !== allowed.unit)
  if (foreign !== undefined) {
    return [
      refusal(
        rule,
        'quantity',
        `${reference} is prescribed in "${allowed.unit}" but dispensed in "${foreign.unit}": use the unit of the prescription`,
      ),
    ]
  }
  const left = allowed.value - earlier.reduce((sum, each) => sum + (each?.value ?? 0), 0)
  // Decimal quantities such as 0.1 + 0.2 must not refuse the last dose.
  if (asked.value <= left + 1e-9 * Math.max(1, allowed.value)) return []
  const shown = Number(Math.max(0, left).toPrecision(12))
  return [
    refusal(
      rule,
      'quantity',
      `${asked.value} ${asked.unit} is more than the ${shown} ${allowed.unit} left on ${reference} (${allowed.value} ${allowed.unit} in all)`,
    ),
  ]
}

const dayMs = 86_400_000

/** Latest and earliest moment of a FHIR date or dateTime: a day counts to its end, in UTC when it has no zone. */
export function bounds(text: unknown): { readonly startMs: number; readonly endMs: number } | undefined {
  if (typeof text !== 'string') return undefined
  const startMs = Date.parse(text)
  if (Number.isNaN(startMs)) return undefined
  const start = new Date(startMs)
  if (/^\d{4}$/.test(text)) return { startMs, endMs: Date.UTC(start.getUTCFullYear() + 1, 0, 1) - 1 }
  if (/^\d{4}-\d{2}$/.test(text))
    return { startMs, endMs: Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1) - 1 }
  return { startMs, endMs: text.includes('T') ? startMs : startMs + dayMs - 1 }
}

function checkValidity(change: Change, view: RuleView): readonly Issue[] {
  const rule = 'medication-dispense.within-validity'
  const dispense = change.after
  if (!takes(dispense)) return []
  const nowMs = change.now.getTime()
  // What was handed over without a time is handed over now: an early preparation does not stretch a prescription.
  const when =
    dispense.status === 'completed' ? dispense.whenHandedOver : (dispense.whenHandedOver ?? dispense.whenPrepared)
  const at = bounds(when) ?? { startMs: nowMs, endMs: nowMs }
  if (dispense.status === 'completed' && at.startMs > nowMs + dayMs)
    return [
      refusal(rule, 'whenHandedOver', `${String(when)} lies in the future: what is completed has been handed over`),
    ]
  return prescriptionsOf(dispense).flatMap((reference) => {
    const period = fieldsOf(fieldsOf(view.record(reference)?.dispenseRequest).validityPeriod)
    const end = bounds(period.end)
    const start = bounds(period.start)
    // A handover that is recorded long after the end was not seen by anybody: its date alone does not count.
    const isLate =
      dispense.status === 'completed' && !isCorrection(change) && end !== undefined && nowMs > end.endMs + dayMs
    if (end !== undefined && (at.startMs > end.endMs || isLate))
      return [
        refusal(
          rule,
          'whenHandedOver',
          `${reference} was valid until ${String(period.end)}: ask for a new prescription`,
        ),
      ]
    if (start !== undefined && at.endMs < start.startMs)
      return [
        refusal(
          rule,
          'whenHandedOver',
          `${reference} is valid from ${String(period.start)} on: it cannot be dispensed before`,
        ),
      ]
    return []
  })
}

function checkPatient(change: Change, view: RuleView): readonly Issue[] {
  if (!takes(change.after)) return []
  const subject = fieldsOf(change.after.subject).reference
  return prescriptionsOf(change.after).flatMap((reference) => {
    const request = view.record(reference)
    const prescribedTo = fieldsOf(request?.subject).reference
    if (request === undefined || prescribedTo === subject) return []
    return [
      refusal(
        'medication-dispense.same-patient',
        'subject',
        `${reference} is not a prescription of ${String(subject ?? 'this patient')}: a medicine goes only to the patient it was prescribed to`,
      ),
    ]
  })
}

/** The rules for MedicationDispense. */
export const dispenseRules: readonly WriteRule[] = [
  {
    id: 'medication-dispense.active-request',
    types: ['MedicationDispense'],
    about: 'A medicine is dispensed only against an active prescription.',
    reads: readPrescriptions,
    check: checkActive,
  },
  {
    id: 'medication-dispense.quantity-left',
    types: ['MedicationDispense'],
    about: 'All dispenses of a prescription together stay within its quantity times one plus its repeats, in its unit.',
    reads: readPrescriptionsAndDispenses,
    check: (change, view) =>
      takes(change.after)
        ? prescriptionsOf(change.after).flatMap((reference) => checkQuantityOf(change, view, reference))
        : [],
  },
  {
    id: 'medication-dispense.within-validity',
    types: ['MedicationDispense'],
    about: 'A prescription is dispensed within its validity period.',
    reads: readPrescriptions,
    check: checkValidity,
  },
  {
    id: 'medication-dispense.same-patient',
    types: ['MedicationDispense'],
    about: 'A medicine goes only to the patient it was prescribed to.',
    reads: readPrescriptions,
    check: checkPatient,
  },
]
