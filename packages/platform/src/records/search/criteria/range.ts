// Date, number and quantity criteria: the stored range against the range asked for (http://hl7.org/fhir/R4/search.html#prefix).
import type { DateValue, NumberValue, QuantityValue } from '@xinglin/core/fhir/search'
import { timestamp } from '../binder.ts'
import { anyOf, type Scope } from '../scope.ts'

/** The row has a date under `p` that satisfies any of the values. Ranges are half-open [lo, hi). */
export function hasDate(scope: Scope, p: number, values: readonly DateValue[]): string {
  return anyOf(values.map((value) => oneDate(scope, p, value)))
}

function oneDate(scope: Scope, p: number, value: DateValue): string {
  const { alias, binder } = scope
  const d = binder.alias('d')
  const condition = dateCondition({ lo: `${d}.lo`, hi: `${d}.hi` }, value, (ms) =>
    binder.bind(timestamp(ms), 'timestamptz'),
  )
  return `EXISTS (SELECT 1 FROM records.date_index ${d} WHERE ${d}.rid = ${alias}.rid AND ${d}.p = ${binder.bind(p, 'bigint')} AND (${condition}))`
}

/** The columns of a stored range. */
export interface RangeColumns {
  readonly lo: string
  readonly hi: string
}

/** Compares a stored half-open range with the one asked for. */
export function dateCondition(column: RangeColumns, value: DateValue, bind: (ms: number) => string): string {
  const { lo, hi } = column
  const from = () => bind(value.lo)
  const to = () => bind(value.hi)
  switch (value.prefix) {
    case 'eq':
      return `${lo} >= ${from()} AND ${lo} < ${to()} AND ${hi} <= ${to()}`
    case 'ne':
      return `${lo} < ${from()} OR ${hi} > ${to()}`
    case 'gt':
      return `${hi} > ${to()}`
    case 'lt':
      return `${lo} < ${from()}`
    case 'ge':
      return `${hi} > ${to()} OR ${lo} >= ${from()}`
    case 'le':
      return `${lo} < ${from()} OR ${hi} <= ${to()}`
    case 'sa':
      return `${lo} >= ${to()}`
    case 'eb':
      return `${hi} <= ${from()}`
    case 'ap':
      return `${lo} < ${to()} AND ${hi} > ${from()}`
    default:
      return value.prefix satisfies never
  }
}

/** The row has a number under `p` that satisfies any of the values. */
export function hasNumber(scope: Scope, p: number, values: readonly NumberValue[]): string {
  return anyOf(values.map((value) => oneNumber(scope, p, value)))
}

/** Like {@link hasNumber}; each value brings the `p` that holds its unit. */
export function hasQuantity(scope: Scope, values: readonly QuantityValue[]): string {
  return anyOf(values.map((value) => oneNumber(scope, value.p, value)))
}

function oneNumber(scope: Scope, p: number, value: NumberValue): string {
  const { alias, binder } = scope
  const n = binder.alias('n')
  const condition = numberCondition({ lo: `${n}.lo`, hi: `${n}.hi` }, value, (number) =>
    binder.bind(number, 'double precision'),
  )
  return `EXISTS (SELECT 1 FROM records.number_index ${n} WHERE ${n}.rid = ${alias}.rid AND ${n}.p = ${binder.bind(p, 'bigint')} AND (${condition}))`
}

/** Compares a stored number's range with the one asked for; prefixes other than eq, ne and ap take the value as exact. */
export function numberCondition(column: RangeColumns, value: NumberValue, bind: (number: number) => string): string {
  const { lo, hi } = column
  const at = () => bind(value.value)
  switch (value.prefix) {
    case 'eq':
      return `${lo} >= ${bind(value.lo)} AND ${hi} <= ${bind(value.hi)}`
    case 'ne':
      return `${lo} < ${bind(value.lo)} OR ${hi} > ${bind(value.hi)}`
    case 'gt':
      return `${hi} > ${at()}`
    case 'lt':
      return `${lo} < ${at()}`
    case 'ge':
      return `${hi} >= ${at()}`
    case 'le':
      return `${lo} <= ${at()}`
    case 'sa':
      return `${lo} > ${at()}`
    case 'eb':
      return `${hi} < ${at()}`
    case 'ap':
      return `${lo} <= ${bind(value.hi)} AND ${hi} >= ${bind(value.lo)}`
    default:
      return value.prefix satisfies never
  }
}
