// Synthetic ICU stays for demos and tests: people that never lived, with a different mix of cases in each hospital.
import { type Random, seededRandom } from '../../cohort/random.ts'
import { type IcuFeature, icuFeatures, stayBins } from './features.ts'

/** A hospital's mix of cases. */
export interface CaseMix {
  readonly name: string
  /** Mean severity of its patients, in standard deviations of the whole. */
  readonly severity: number
  /** Shift of single features, in their deviations: surgery is not medicine. */
  readonly shifts: Readonly<Record<string, number>>
  /** Factor on how often is measured. */
  readonly measuring: number
}

/** Stays of one hospital. */
export interface IcuCohort {
  /** `[stays, 24 two-hour bins, 12 features]`, row-major, as measured; NaN = not measured. */
  readonly values: Float32Array
  /** 1 = died in hospital. */
  readonly died: Uint8Array
}

/** Four hospitals that differ as the unit types of the 2012 set do: cardiac surgery loses few, a medical ICU many. */
export const caseMixes: readonly CaseMix[] = Object.freeze([
  { name: 'coronary-care', severity: 0, shifts: { HR: -0.3, BUN: 0.3, GCS: 0.4 }, measuring: 0.95 },
  { name: 'cardiac-surgery', severity: -0.9, shifts: { SysABP: -0.3, FiO2: 0.4, Temp: -0.3 }, measuring: 1.05 },
  { name: 'medical', severity: 0.35, shifts: { HR: 0.3, RespRate: 0.3, WBC: 0.2 }, measuring: 0.95 },
  { name: 'surgical', severity: 0.05, shifts: { GCS: -0.4, Urine: 0.2 }, measuring: 1 },
])

// Puts about 14 % of deaths into the four mixes together, and lets severity decide most of it.
const intercept = -2.6
const slope = 1.9
const courseShare = 0.4

interface Patient {
  readonly severity: number
  /** Change of severity over the stay: above 0 gets worse. */
  readonly course: number
  /** Standing offset of the patient by feature, in deviations. */
  readonly habits: readonly number[]
}

function drawPatient(random: Random, mix: CaseMix): Patient {
  const severity = random.normal(mix.severity, 1)
  const course = random.normal(0, 1)
  return { severity, course, habits: icuFeatures.map(({ name }) => random.normal(mix.shifts[name] ?? 0, 0.5)) }
}

// The published shift between the dying and the surviving is about 1.6 deviations of severity apart.
function meanAt(feature: IcuFeature, patient: Patient, index: number, bin: number): number {
  const now = patient.severity + patient.course * courseShare * (bin / stayBins - 0.5) * 2
  return feature.mean + (feature.shift / 1.6) * now + (patient.habits[index] ?? 0) * feature.deviation
}

function drawCourse(random: Random, patient: Patient, mix: CaseMix, into: Float32Array): void {
  icuFeatures.forEach((feature, index) => {
    const { memory, deviation, limits, observed } = feature
    const often = Math.min(0.98, observed * mix.measuring * (1 + 0.12 * patient.severity))
    let wander = random.normal(0, 0.7)
    for (let bin = 0; bin < stayBins; bin++) {
      wander = memory * wander + Math.sqrt(1 - memory ** 2) * random.normal(0, 0.7)
      const value = meanAt(feature, patient, index, bin) + wander * deviation
      const kept = Math.min(limits[1], Math.max(limits[0], value))
      into[bin * icuFeatures.length + index] = random.chance(often) ? kept : Number.NaN
    }
  })
}

/** Makes the stays of one hospital; the same seed makes the same stays. */
export function drawIcuCohort(options: {
  readonly seed: number
  readonly stays: number
  readonly mix: CaseMix
}): IcuCohort {
  const random = seededRandom(options.seed)
  const cells = stayBins * icuFeatures.length
  const values = new Float32Array(options.stays * cells)
  const died = new Uint8Array(options.stays)
  for (let stay = 0; stay < options.stays; stay++) {
    const patient = drawPatient(random, options.mix)
    drawCourse(random, patient, options.mix, values.subarray(stay * cells, (stay + 1) * cells))
    const logit = intercept + slope * (patient.severity + courseShare * patient.course)
    died[stay] = random.chance(1 / (1 + Math.exp(-logit))) ? 1 : 0
  }
  return { values, died }
}
