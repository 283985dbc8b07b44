// A synthetic ICU stay as FHIR: a person who never lived, an encounter, and two days of measurements, the same for a seed.
import { seededRandom } from '../../cohort/random.ts'
import { drawIcuCohort } from '../../federated/icu/cohort.ts'
import { stayBins, stayHours } from '../../federated/icu/features.ts'
import type { Bundle, Resource } from '../../fhir/index.ts'
import { loincSystem, ucumSystem, type Vital, vitals } from './vitals.ts'

/** What stay to make. */
export interface StayOptions {
  readonly seed: number
  /** Id of the patient; other ids begin with it. */
  readonly patientId: string
  readonly family: string
  readonly given: string
  readonly birthDate: string
  /** How ill, in standard deviations of ICU patients: -1 mild, 0 usual, 2 grave. */
  readonly severity: number
  /** When the 48 hours end, ms since 1970. */
  readonly endMs: number
}

const hourMs = 3_600_000
const binMs = (stayHours / stayBins) * hourMs

const instant = (ms: number): string => new Date(ms).toISOString()

function observationOf(
  options: StayOptions,
  vital: Vital,
  measured: { bin: number; value: number; atMs: number },
): Resource {
  const { patientId } = options
  const [code = ''] = vital.loinc
  const isFraction = vital.unit === '{fraction}'
  const unit = isFraction ? '%' : vital.unit
  const value = Number((isFraction ? measured.value * 100 : measured.value).toFixed(isFraction ? 0 : vital.decimals))
  const category = vital.isLaboratory
    ? { code: 'laboratory', display: 'Laboratory' }
    : { code: 'vital-signs', display: 'Vital Signs' }
  return {
    resourceType: 'Observation',
    id: `${patientId}-icu-${vital.name.toLowerCase()}-${measured.bin}`,
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', ...category }] }],
    code: { coding: [{ system: loincSystem, code }], text: vital.en },
    subject: { reference: `Patient/${patientId}` },
    encounter: { reference: `Encounter/${patientId}-icu` },
    effectiveDateTime: instant(measured.atMs),
    valueQuantity: { value, unit: unit.replace('mm[Hg]', 'mmHg').replace('Cel', '°C'), system: ucumSystem, code: unit },
  }
}

function personOf({ patientId, family, given, birthDate }: StayOptions): Resource {
  const name = [{ use: 'official', family, given: [given] }]
  return { resourceType: 'Patient', id: patientId, active: true, name, birthDate }
}

function encounterOf({ patientId, endMs }: StayOptions): Resource {
  return {
    resourceType: 'Encounter',
    id: `${patientId}-icu`,
    status: 'in-progress',
    class: {
      system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
      code: 'ACUTE',
      display: 'inpatient acute',
    },
    subject: { reference: `Patient/${patientId}` },
    period: { start: instant(endMs - stayHours * hourMs) },
  }
}

/** Makes the transaction Bundle of a stay; every entry is a PUT with a fixed id, so that a repeated load doubles nothing. */
export function icuStayBundle(options: StayOptions): Bundle {
  const { seed, severity, endMs } = options
  const mix = { name: 'one', severity, shifts: {}, measuring: 1 }
  // Of many stays of this mix the one whose course is nearest to its mean would be dull: the first one is taken as it is.
  const { values } = drawIcuCohort({ seed, stays: 1, mix })
  const random = seededRandom(seed + 1)
  const observations = Array.from(values, (value, cell) => {
    const vital = vitals[cell % vitals.length]
    if (vital === undefined || Number.isNaN(value)) return []
    const bin = Math.floor(cell / vitals.length)
    const atMs = endMs - (stayBins - bin) * binMs + random.integer(1, 118) * 60_000
    return [observationOf(options, vital, { bin, value, atMs })]
  }).flat()
  const resources = [personOf(options), encounterOf(options), ...observations]
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  }
}
