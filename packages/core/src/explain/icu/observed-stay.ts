// A patient's Observations as the tensor that the mortality model reads: 24 bins of two hours, the last value of each bin.
import { stayBins, stayHours } from '../../federated/icu/features.ts'
import type { Resource } from '../../fhir/index.ts'
import { vitalOfCode, vitals } from './vitals.ts'

/** A value that stands in the tensor, and where it is from. */
export interface Evidence {
  /** Position in {@link vitals}. */
  readonly vital: number
  /** 0 is the oldest bin, 23 ends with the window. */
  readonly bin: number
  /** In the vital's unit. */
  readonly value: number
  /** `Observation/{id}`. */
  readonly reference: string
  readonly atMs: number
}

/** Why a value of the record was not read. */
export type LeftOutReason = 'status' | 'no-number' | 'unknown-unit' | 'implausible' | 'no-time'

/** The tensor and what it was made of. */
export interface ObservedStay {
  /** `[24, 12]`, row-major; NaN where nothing was measured. */
  readonly values: Float32Array
  /** One for each value in the tensor. */
  readonly evidence: readonly Evidence[]
  /** How many values were not read, by reason. */
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>
  readonly startMs: number
  readonly endMs: number
}

type Fields = Readonly<Record<string, unknown>>

// http://hl7.org/fhir/R4/valueset-observation-status.html: what was neither withdrawn nor only announced.
const readStatuses: readonly unknown[] = ['preliminary', 'final', 'amended', 'corrected']
const hourMs = 3_600_000
const binMs = (stayHours / stayBins) * hourMs

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {}) // every field is checked where it is read
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function vitalOf(part: Fields): number | undefined {
  const codes = listOf(fieldsOf(part.code).coding).map((coding) => fieldsOf(coding))
  return codes
    .filter(({ system }) => system === undefined || system === 'http://loinc.org')
    .map(({ code }) => (typeof code === 'string' ? vitalOfCode(code) : undefined))
    .find((vital) => vital !== undefined)
}

function timeOf(observation: Resource): number {
  const period = fieldsOf(observation.effectivePeriod)
  const text = observation.effectiveDateTime ?? observation.effectiveInstant ?? period.end ?? period.start
  // A date without a time says nothing about the bin.
  return typeof text === 'string' && text.includes('T') ? Date.parse(text) : Number.NaN
}

function readingOf(part: Fields, vital: number): number | LeftOutReason {
  const { value, code, unit, comparator } = fieldsOf(part.valueQuantity)
  const number = typeof value === 'number' ? value : part.valueInteger
  if (typeof number !== 'number' || comparator !== undefined) return 'no-number'
  const known = vitals[vital]
  if (known === undefined) return 'unknown-unit'
  const { units, limits } = known
  const written = typeof code === 'string' ? code : typeof unit === 'string' ? unit : '1'
  const convert = Object.hasOwn(units, written) ? units[written] : undefined
  if (convert === undefined) return 'unknown-unit'
  const converted = convert(number)
  return converted >= limits[0] && converted <= limits[1] ? converted : 'implausible'
}

interface Reading {
  readonly cells: Map<number, Evidence>
  readonly leftOut: Map<LeftOutReason, number>
  readonly endMs: number
}

function readPart(reading: Reading, part: Fields, of: { readonly observation: Resource; readonly atMs: number }): void {
  const vital = vitalOf(part)
  if (vital === undefined) return
  const value = readingOf(part, vital)
  if (typeof value !== 'number') {
    reading.leftOut.set(value, (reading.leftOut.get(value) ?? 0) + 1)
    return
  }
  // Bins end with the window: a value at its very end belongs to the last bin.
  const bin = stayBins - 1 - Math.floor((reading.endMs - of.atMs) / binMs)
  const cell = bin * vitals.length + vital
  const known = reading.cells.get(cell)
  if (known !== undefined && known.atMs > of.atMs) return
  reading.cells.set(cell, { vital, bin, value, reference: `Observation/${of.observation.id}`, atMs: of.atMs })
}

function faultOf(observation: Resource, atMs: number): LeftOutReason | undefined {
  if (!readStatuses.includes(observation.status)) return 'status'
  return Number.isNaN(atMs) ? 'no-time' : undefined
}

function countsVital(observation: Resource): boolean {
  return [observation, ...listOf(observation.component)].some((part) => vitalOf(fieldsOf(part)) !== undefined)
}

/**
 * Reads the 48 hours that end at `endMs` out of Observations, panels with components included; what lies outside or is no
 * measurement of the model is passed over, what cannot be read is counted.
 */
export function observeStay(observations: readonly Resource[], endMs: number): ObservedStay {
  const startMs = endMs - stayHours * hourMs
  const reading: Reading = { cells: new Map(), leftOut: new Map(), endMs }
  for (const observation of observations) {
    if (!countsVital(observation)) continue
    const atMs = timeOf(observation)
    const fault = faultOf(observation, atMs)
    if (fault !== undefined) {
      reading.leftOut.set(fault, (reading.leftOut.get(fault) ?? 0) + 1)
      continue
    }
    if (atMs <= startMs || atMs > endMs) continue
    for (const part of [observation, ...listOf(observation.component)]) {
      readPart(reading, fieldsOf(part), { observation, atMs })
    }
  }
  const values = new Float32Array(stayBins * vitals.length).fill(Number.NaN)
  for (const [cell, { value }] of reading.cells) values[cell] = value
  const evidence = [...reading.cells].toSorted(([a], [b]) => a - b).map(([, one]) => one)
  return { values, evidence, leftOut: Object.fromEntries(reading.leftOut), startMs, endMs }
}

/** The newest value of each measurement; undefined where there is none. */
export function latestOf({ evidence }: ObservedStay): readonly (Evidence | undefined)[] {
  return vitals.map((_, vital) => evidence.findLast((one) => one.vital === vital))
}
