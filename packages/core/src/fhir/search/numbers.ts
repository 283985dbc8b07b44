// Numbers and quantities as ranges, with their units; and the range that the precision of a number asked for implies.
import { isObject, type TypedValue } from './paths.ts'

/** An end of a range that is not given; finite, so that sums and means of two ends stay finite. */
export const openNumber = 1e308

/** Receives a range with its unit; `system` '' when there is none, `code` undefined when there is no unit at all. */
export type VisitNumber = (lo: number, hi: number, unit: QuantityUnit) => void

/** The unit of a quantity: code in a system, and the text for humans. */
export interface QuantityUnit {
  readonly system: string
  readonly code: string | undefined
  readonly text: string | undefined
}

const noUnit: QuantityUnit = { system: '', code: undefined, text: undefined }

/** Calls `visit` with each number of a value. Stored numbers are points: JSON does not keep their trailing zeros. */
export function eachNumber(typed: TypedValue, visit: VisitNumber): void {
  const { value } = typed
  if (typeof value === 'number') visit(value, value, noUnit)
  else if (isObject(value)) {
    if (typed.datatype === 'Range') range(value, visit)
    else if (typed.datatype === 'SampledData') sampled(value, visit)
    else quantity(value, visit)
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function unitOf(value: Readonly<Record<string, unknown>>): QuantityUnit {
  const currency = text(value['currency'])
  if (currency !== undefined) return { system: 'urn:iso:std:iso:4217', code: currency, text: currency }
  return { system: text(value['system']) ?? '', code: text(value['code']), text: text(value['unit']) }
}

function quantity(value: Readonly<Record<string, unknown>>, visit: VisitNumber): void {
  const { value: number, comparator } = value
  if (typeof number !== 'number') return
  const isBelow = comparator === '<' || comparator === '<='
  const isAbove = comparator === '>' || comparator === '>='
  visit(isBelow ? -openNumber : number, isAbove ? openNumber : number, unitOf(value))
}

function range(value: Readonly<Record<string, unknown>>, visit: VisitNumber): void {
  const low = isObject(value['low']) ? value['low'] : undefined
  const high = isObject(value['high']) ? value['high'] : undefined
  const lo = typeof low?.['value'] === 'number' ? low['value'] : undefined
  const hi = typeof high?.['value'] === 'number' ? high['value'] : undefined
  if (lo === undefined && hi === undefined) return
  visit(lo ?? -openNumber, hi ?? openNumber, unitOf(low ?? high ?? {}))
}

// From the lowest to the highest of the samples; E, L and U stand for errors and values beyond the limits.
function sampled(value: Readonly<Record<string, unknown>>, visit: VisitNumber): void {
  const origin = isObject(value['origin']) ? value['origin'] : {}
  const base = typeof origin['value'] === 'number' ? origin['value'] : 0
  const factor = typeof value['factor'] === 'number' ? value['factor'] : 1
  const samples = typeof value['data'] === 'string' ? value['data'].split(/\s+/) : []
  let lo = openNumber
  let hi = -openNumber
  for (const sample of samples) {
    const number = sample === '' ? Number.NaN : base + Number(sample) * factor
    if (Number.isNaN(number)) continue
    lo = Math.min(lo, number)
    hi = Math.max(hi, number)
  }
  if (lo <= hi) visit(lo, hi, unitOf(origin))
}

const decimalPattern = /^[+-]?(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/

/** A number asked for and the range that its digits imply: 100 is [99.5, 100.5), 1e2 is [95, 105). Undefined when it is no number. */
export function impliedRange(
  text: string,
): { readonly value: number; readonly lo: number; readonly hi: number } | undefined {
  const match = decimalPattern.exec(text)
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const value = Number(text)
  if (!Number.isFinite(value) || Math.abs(value) >= openNumber) return undefined
  // With an exponent R4 counts one digit more than is written: its own example takes 1e2 as [95, 105).
  const scale = match[3] === undefined ? -fraction.length : Number(exponent) - fraction.length - 1
  const digits = whole.length + fraction.length
  const half = digits > 15 ? Math.abs(value) * Number.EPSILON : 0.5 * 10 ** scale
  const hi = value + half
  return { value, lo: value - half, hi: Math.max(value, hi - Math.abs(hi) * Number.EPSILON) }
}
