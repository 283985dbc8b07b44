// Measured values as they are read: number, unit, and whether they lie outside what is expected (pure).
import type { CodeableConcept, ObservedValue, Quantity } from '../api/fhir.ts'
import type { Language } from '../language/fill.ts'
import { wordsOf } from './concepts.ts'

/** How a value lies against what is expected. */
export type Flag = 'normal' | 'low' | 'high' | 'critical-low' | 'critical-high' | 'abnormal'

/** The reference range of a value, in the value's unit. */
export interface ReferenceRange {
  readonly low: number | undefined
  readonly high: number | undefined
}

// http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
const flagByCode: ReadonlyMap<string, Flag> = new Map([
  ['N', 'normal'],
  ['L', 'low'],
  ['H', 'high'],
  ['LL', 'critical-low'],
  ['HH', 'critical-high'],
  ['LU', 'low'],
  ['HU', 'high'],
  ['A', 'abnormal'],
  ['AA', 'abnormal'],
])

// UCUM codes that are written otherwise at the bedside.
const units: ReadonlyMap<string, string> = new Map([
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['mm[Hg]', 'mmHg'],
  ['{score}', ''],
  ['{nominal}', ''],
  ['{count}', ''],
  ['1', ''],
])
const chineseUnits: ReadonlyMap<string, string> = new Map([
  ['tablet', '片'],
  ['tablets', '片'],
  ['{tbl}', '片'],
  ['capsule', '粒'],
  ['capsules', '粒'],
  ['/min', '次/分'],
])

/** A number without digits that nobody measured: at most two decimals from 1 on, three significant digits below. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return String(Math.abs(value) >= 1 ? Number(value.toFixed(2)) : Number(value.toPrecision(3)))
}

/** A unit as it is written, e.g. `°C` for `Cel`; empty for counts and scores. */
export function unitText(quantity: Quantity | undefined, language: Language): string {
  const unit = quantity?.unit ?? quantity?.code ?? ''
  const known = units.get(unit) ?? units.get(quantity?.code ?? '')
  if (known !== undefined) return known
  return (language === 'zh' ? (chineseUnits.get(unit) ?? chineseUnits.get(quantity?.code ?? '')) : undefined) ?? unit
}

/** A quantity in words; undefined without a value. */
export function quantityText(quantity: Quantity | undefined, language: Language): string | undefined {
  if (quantity?.value === undefined) return undefined
  const unit = unitText(quantity, language)
  const isClose = unit === '' || unit === '%' || unit.startsWith('°') || unit.startsWith('/')
  return `${quantity.comparator ?? ''}${numberText(quantity.value)}${isClose ? '' : ' '}${unit}`
}

/** A coded or written value; its language is that of the record. */
export type ValueWords =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'concept'; readonly concept: CodeableConcept }

/** The value of an observation or a component; undefined when none was recorded. */
export function valueWords(observed: ObservedValue, language: Language): ValueWords | undefined {
  const quantity = quantityText(observed.valueQuantity, language)
  if (quantity !== undefined) return { kind: 'text', text: quantity }
  if (observed.valueInteger !== undefined) return { kind: 'text', text: String(observed.valueInteger) }
  if (observed.valueString !== undefined) return { kind: 'concept', concept: { text: observed.valueString } }
  if (wordsOf(observed.valueCodeableConcept, language) === undefined) return undefined
  return { kind: 'concept', concept: observed.valueCodeableConcept ?? {} }
}

/** The one reference range; undefined when none or several (by age, sex …) are given, because we cannot choose. */
export function rangeOf({ referenceRange, valueQuantity }: ObservedValue): ReferenceRange | undefined {
  const [range, ...others] = referenceRange ?? []
  if (range === undefined || others.length > 0) return undefined
  const isComparable = [range.low, range.high].every(
    (bound) => bound === undefined || (bound.unit ?? bound.code) === (valueQuantity?.unit ?? valueQuantity?.code),
  )
  if (!isComparable || (range.low?.value === undefined && range.high?.value === undefined)) return undefined
  return { low: range.low?.value, high: range.high?.value }
}

/** The flag that the laboratory gave, else what the reference range says; undefined when neither is there. */
export function flagOf(observed: ObservedValue): Flag | undefined {
  const given = observed.interpretation
    ?.flatMap(({ coding }) => coding ?? [])
    .map(({ code }) => flagByCode.get(code ?? ''))
    .find((flag) => flag !== undefined)
  if (given !== undefined) return given
  const { value, comparator } = observed.valueQuantity ?? {}
  const range = rangeOf(observed)
  if (value === undefined || comparator !== undefined || range === undefined) return undefined
  if (range.low !== undefined && value < range.low) return 'low'
  return range.high !== undefined && value > range.high ? 'high' : 'normal'
}

/** A range in words, e.g. `60–100`, `≤ 5.7`. */
export function rangeText({ low, high }: ReferenceRange): string {
  if (low !== undefined && high !== undefined) return `${numberText(low)}–${numberText(high)}`
  return low === undefined ? `≤ ${numberText(high ?? 0)}` : `≥ ${numberText(low)}`
}
