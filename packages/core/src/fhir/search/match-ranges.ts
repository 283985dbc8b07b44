// Compares stored ranges with those asked for (http://hl7.org/fhir/R4/search.html#prefix), as the SQL side does.
import { eachNumber } from './numbers.ts'
import type { TypedValue } from './paths.ts'
import type { DateValue, NumberValue, QuantityValue } from './types.ts'

/** Whether a stored half-open range of ms satisfies the one asked for. */
export function isDateMatch(lo: number, hi: number, value: DateValue): boolean {
  switch (value.prefix) {
    case 'eq':
      return lo >= value.lo && lo < value.hi && hi <= value.hi
    case 'ne':
      return lo < value.lo || hi > value.hi
    case 'gt':
      return hi > value.hi
    case 'lt':
      return lo < value.lo
    case 'ge':
      return hi > value.hi || lo >= value.lo
    case 'le':
      return lo < value.lo || hi <= value.hi
    case 'sa':
      return lo >= value.hi
    case 'eb':
      return hi <= value.lo
    case 'ap':
      return lo < value.hi && hi > value.lo
    default:
      return value.prefix satisfies never
  }
}

function isInRange(lo: number, hi: number, value: NumberValue): boolean {
  switch (value.prefix) {
    case 'eq':
      return lo >= value.lo && hi <= value.hi
    case 'ne':
      return lo < value.lo || hi > value.hi
    case 'gt':
      return hi > value.value
    case 'lt':
      return lo < value.value
    case 'ge':
      return hi >= value.value
    case 'le':
      return lo <= value.value
    case 'sa':
      return lo > value.value
    case 'eb':
      return hi < value.value
    case 'ap':
      return lo <= value.hi && hi >= value.lo
    default:
      return value.prefix satisfies never
  }
}

/** Whether a number satisfies any of the values. */
export function isNumberMatch(typed: TypedValue, values: readonly NumberValue[]): boolean {
  let found = false
  eachNumber(typed, (lo, hi) => {
    found = found || values.some((value) => isInRange(lo, hi, value))
  })
  return found
}

/** Whether a quantity satisfies any of the values, in the unit asked for. */
export function isQuantityMatch(typed: TypedValue, values: readonly QuantityValue[]): boolean {
  let found = false
  eachNumber(typed, (lo, hi, unit) => {
    const isUnit = ({ system, code }: QuantityValue) => {
      if (code === undefined) return true
      if (system === undefined) return unit.code === code || unit.text === code
      return unit.system === system && unit.code === code
    }
    found = found || values.some((value) => isUnit(value) && isInRange(lo, hi, value))
  })
  return found
}
