// FHIR resources of a synthetic person, from plain facts (pure).
import type { Resource } from '../fhir/index.ts'
import { bloodPressure, type Illness, type Measurement } from './knowledge.ts'
import type { Random } from './random.ts'

/** A visit that measurements and orders belong to. */
export interface Visit {
  readonly id: string
  readonly startMs: number
  readonly subject: Resource['subject']
}

const loinc = 'http://loinc.org'
const snomed = 'http://snomed.info/sct'
const ucum = 'http://unitsofmeasure.org'

/** One coding in a CodeableConcept, with its display as text. */
export function concept(system: string, code: string, display: string) {
  return { coding: [{ system, code, display }], text: display }
}

function category(
  code: string,
  display: string,
  system = 'http://terminology.hl7.org/CodeSystem/observation-category',
) {
  return [{ coding: [{ system, code, display }] }]
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/** Draws one measured value, shifted by the person's illnesses. */
export function drawValue(
  random: Random,
  measurement: Pick<Measurement, 'loinc' | 'mean' | 'deviation'>,
  ill: readonly Illness[],
  decimals: number,
): number {
  const shift = ill.reduce((sum, illness) => sum + (illness.shifts[measurement.loinc] ?? 0), 0)
  return Number(Math.max(0, random.normal(measurement.mean + shift, measurement.deviation)).toFixed(decimals))
}

/** An Encounter of half an hour. */
export function encounter(visit: Visit): Resource {
  return {
    resourceType: 'Encounter',
    id: visit.id,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    type: [concept(snomed, '185349003', 'Encounter for check up (procedure)')],
    subject: visit.subject,
    period: { start: instant(visit.startMs), end: instant(visit.startMs + 1_800_000) },
  }
}

/** A measured value with its reference range. */
export function observation(
  id: string,
  visit: Visit,
  measured: { readonly measurement: Measurement; readonly value: number; readonly isLaboratory: boolean },
): Resource {
  const { measurement, value } = measured
  const quantity = (amount: number) => ({ value: amount, unit: measurement.unit, system: ucum, code: measurement.unit })
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    category: measured.isLaboratory ? category('laboratory', 'Laboratory') : category('vital-signs', 'Vital Signs'),
    code: concept(loinc, measurement.loinc, measurement.display),
    subject: visit.subject,
    encounter: { reference: `Encounter/${visit.id}` },
    effectiveDateTime: instant(visit.startMs + 600_000),
    issued: instant(visit.startMs + 900_000),
    valueQuantity: quantity(value),
    referenceRange: [{ low: quantity(measurement.low), high: quantity(measurement.high) }],
  }
}

/** A blood pressure panel. */
export function bloodPressureObservation(
  id: string,
  visit: Visit,
  drawn: { readonly systolic: number; readonly diastolic: number },
): Resource {
  const component = (part: 'systolic' | 'diastolic') => ({
    code: concept(loinc, bloodPressure[part].loinc, bloodPressure[part].display),
    valueQuantity: { value: drawn[part], unit: 'mmHg', system: ucum, code: 'mm[Hg]' },
  })
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    category: category('vital-signs', 'Vital Signs'),
    code: concept(loinc, '85354-9', 'Blood pressure panel with all children optional'),
    subject: visit.subject,
    encounter: { reference: `Encounter/${visit.id}` },
    effectiveDateTime: instant(visit.startMs + 600_000),
    component: [component('systolic'), component('diastolic')],
  }
}

/** A confirmed, active condition found at the visit. */
export function condition(id: string, visit: Visit, illness: Illness): Resource {
  return {
    resourceType: 'Condition',
    id,
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }],
    },
    category: category(
      'encounter-diagnosis',
      'Encounter Diagnosis',
      'http://terminology.hl7.org/CodeSystem/condition-category',
    ),
    code: concept(snomed, illness.snomed, illness.display),
    subject: visit.subject,
    encounter: { reference: `Encounter/${visit.id}` },
    onsetDateTime: instant(visit.startMs),
    recordedDate: instant(visit.startMs + 900_000),
  }
}

/** A prescription of 30 days with three repeats. */
export function medicationRequest(
  id: string,
  visit: Visit,
  prescribed: { readonly medicine: Illness['medicines'][number]; readonly isActive: boolean },
): Resource {
  const { medicine } = prescribed
  const tablets = (value: number) => ({ value, unit: 'tablet', system: ucum, code: '{tbl}' })
  return {
    resourceType: 'MedicationRequest',
    id,
    status: prescribed.isActive ? 'active' : 'completed',
    intent: 'order',
    medicationCodeableConcept: concept(
      'http://www.nlm.nih.gov/research/umls/rxnorm',
      medicine.rxnorm,
      medicine.display,
    ),
    subject: visit.subject,
    encounter: { reference: `Encounter/${visit.id}` },
    authoredOn: instant(visit.startMs + 1_200_000),
    dosageInstruction: [
      {
        text: `${medicine.dailyTablets} per day`,
        timing: { repeat: { frequency: medicine.dailyTablets, period: 1, periodUnit: 'd' } },
        doseAndRate: [{ doseQuantity: tablets(1) }],
      },
    ],
    dispenseRequest: { numberOfRepeatsAllowed: 3, quantity: tablets(30 * medicine.dailyTablets) },
  }
}

/** A confirmed allergy. */
export function allergyIntolerance(
  id: string,
  visit: Visit,
  allergy: { readonly snomed: string; readonly display: string; readonly category: string },
): Resource {
  return {
    resourceType: 'AllergyIntolerance',
    id,
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification', code: 'confirmed' }],
    },
    type: 'allergy',
    category: [allergy.category],
    criticality: allergy.category === 'environment' ? 'low' : 'high',
    code: concept(snomed, allergy.snomed, allergy.display),
    patient: visit.subject,
    recordedDate: instant(visit.startMs + 900_000),
  }
}
