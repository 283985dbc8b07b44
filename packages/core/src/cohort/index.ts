// The door to the synthetic cohort: people that never lived, one transaction Bundle each, the same for the same seed.
import type { Bundle, Resource } from '../fhir/index.ts'
import { allergies, bloodPressure, type Illness, illnesses, laboratory, vitalSigns } from './knowledge.ts'
import { drawName } from './names.ts'
import { type Random, seededRandom } from './random.ts'
import {
  allergyIntolerance,
  bloodPressureObservation,
  condition,
  drawValue,
  encounter,
  medicationRequest,
  observation,
  type Visit,
} from './records.ts'

export { type Random, seededRandom } from './random.ts'

/** What cohort to make. */
export interface CohortOptions {
  readonly seed: number
  readonly patients: number
  /** Mean number of visits per person; default 6. */
  readonly visits?: number
  /** The day up to which people have lived, ms since 1970. */
  readonly untilMs: number
}

/** System of the synthetic medical record numbers. */
export const cohortIdentifierSystem = 'urn:xinglin:mrn'

const dayMs = 86_400_000

function person(id: string, random: Random, untilMs: number): Resource {
  const gender = random.chance(0.5) ? 'male' : 'female'
  const name = drawName(random, gender)
  const birthMs = untilMs - random.integer(18 * 365, 92 * 365) * dayMs
  const text = name.isChinese ? `${name.family}${name.given}` : `${name.given} ${name.family}`
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ system: cohortIdentifierSystem, value: id.toUpperCase() }],
    active: true,
    name: [{ use: 'official', text, family: name.family, given: [name.given] }],
    telecom: [
      { system: 'phone', value: `+86 555 ${String(random.integer(0, 9_999_999)).padStart(7, '0')}`, use: 'mobile' },
    ],
    gender,
    birthDate: new Date(birthMs).toISOString().slice(0, 10),
    address: [
      {
        city: name.isChinese
          ? random.pick(['上海', '北京', '广州', '成都'])
          : random.pick(['Boston', 'London', 'Sydney']),
        country: name.isChinese ? 'CN' : 'US',
      },
    ],
  }
}

function drawIllnesses(random: Random, birthDate: unknown, untilMs: number): readonly Illness[] {
  const ageYears = (untilMs - Date.parse(String(birthDate))) / (365.25 * dayMs)
  const factor = ageYears > 40 ? 1 : 0.25
  return illnesses.filter((illness) => random.chance(illness.prevalence * factor))
}

function visitRecords(visit: Visit, random: Random, ill: readonly Illness[]): readonly Resource[] {
  const systolic = drawValue(random, bloodPressure.systolic, ill, 0)
  const diastolic = drawValue(random, bloodPressure.diastolic, ill, 0)
  const measured = [
    ...vitalSigns.map((measurement) => ({ measurement, isLaboratory: false })),
    ...(random.chance(0.5) ? laboratory.map((measurement) => ({ measurement, isLaboratory: true })) : []),
  ]
  return [
    encounter(visit),
    bloodPressureObservation(`${visit.id}-bp`, visit, { systolic, diastolic }),
    ...measured.map(({ measurement, isLaboratory }) => {
      const value = drawValue(random, measurement, ill, measurement.decimals)
      return observation(`${visit.id}-${measurement.loinc}`, visit, { measurement, value, isLaboratory })
    }),
  ]
}

function history(id: string, random: Random, ill: readonly Illness[], visits: readonly Visit[]): readonly Resource[] {
  const [first] = visits
  const last = visits.at(-1)
  if (first === undefined || last === undefined) return []
  const treated = ill.flatMap((illness) => illness.medicines)
  const allergic = random.chance(0.2) ? [random.pick(allergies)] : []
  return [
    ...ill.map((illness, index) => condition(`${id}-c${index}`, first, illness)),
    ...treated.map((medicine, index) => medicationRequest(`${id}-m${index}`, last, { medicine, isActive: true })),
    ...(treated[0] === undefined || visits.length < 2
      ? []
      : [medicationRequest(`${id}-m-old`, first, { medicine: treated[0], isActive: false })]),
    ...allergic.map((allergy, index) => allergyIntolerance(`${id}-a${index}`, first, allergy)),
  ]
}

/**
 * Makes the transaction Bundle of one synthetic person; every entry is a PUT with a fixed id, so that a repeated import
 * adds versions and never doubles a person.
 * @param index 0-based number within the cohort
 */
export function cohortBundle(options: CohortOptions, index: number): Bundle {
  const random = seededRandom(options.seed * 1_000_003 + index)
  const id = `cohort-${options.seed}-${String(index).padStart(5, '0')}`
  const patient = person(id, random, options.untilMs)
  const count = Math.max(1, Math.round((options.visits ?? 6) * (0.5 + random.unit())))
  const starts = Array.from(
    { length: count },
    () => options.untilMs - random.integer(1, 5 * 365) * dayMs + random.integer(8, 17) * 3_600_000,
  )
  const visits = starts
    .sort((a, b) => a - b)
    .map((startMs, number) => ({ id: `${id}-v${number}`, startMs, subject: { reference: `Patient/${id}` } }))
  const ill = drawIllnesses(random, patient.birthDate, options.untilMs)
  const resources = [
    patient,
    ...visits.flatMap((visit) => visitRecords(visit, random, ill)),
    ...history(id, random, ill, visits),
  ]
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  }
}

/** Makes the whole cohort, one Bundle at a time. */
export function* cohort(options: CohortOptions): Generator<Bundle> {
  for (let index = 0; index < options.patients; index += 1) yield cohortBundle(options, index)
}
