// Collects index rows of many records into columns.
import type { IndexRows } from '@xinglin/core/fhir/search'
import type { RowColumns } from './types.ts'

/** Turns the index rows of the records, in their order, into columns. Linear in the number of rows. */
export function toColumns(rows: readonly IndexRows[]): RowColumns {
  return {
    tokens: tokenColumns(rows),
    strings: stringColumns(rows),
    dates: rangeColumns(rows, (row) => row.dates),
    numbers: rangeColumns(rows, (row) => row.numbers),
    references: referenceColumns(rows),
  }
}

function countOf(rows: readonly IndexRows[], list: (row: IndexRows) => readonly unknown[]): number {
  return rows.reduce((sum, row) => sum + list(row).length, 0)
}

function tokenColumns(rows: readonly IndexRows[]): RowColumns['tokens'] {
  const count = countOf(rows, (row) => row.tokens)
  const of = new Uint32Array(count)
  const h = new Float64Array(count)
  let at = 0
  for (const [ordinal, row] of rows.entries()) {
    for (const hash of row.tokens) {
      of[at] = ordinal
      h[at] = hash
      at += 1
    }
  }
  return { of, h }
}

function stringColumns(rows: readonly IndexRows[]): RowColumns['strings'] {
  const { of, p } = parameterColumns(rows, (row) => row.strings)
  const all = rows.flatMap((row) => row.strings)
  return { of, p, v: all.map((item) => item.v), raw: all.map((item) => item.raw) }
}

function referenceColumns(rows: readonly IndexRows[]): RowColumns['references'] {
  const { of, p } = parameterColumns(rows, (row) => row.references)
  const all = rows.flatMap((row) => row.references)
  return { of, p, type: all.map((item) => item.type), id: all.map((item) => item.id) }
}

type Ranges = readonly { readonly p: number; readonly lo: number; readonly hi: number }[]

function rangeColumns(rows: readonly IndexRows[], list: (row: IndexRows) => Ranges): RowColumns['dates'] {
  const { of, p } = parameterColumns(rows, list)
  const all = rows.flatMap(list)
  return { of, p, lo: Float64Array.from(all, (item) => item.lo), hi: Float64Array.from(all, (item) => item.hi) }
}

function parameterColumns(
  rows: readonly IndexRows[],
  list: (row: IndexRows) => readonly { readonly p: number }[],
): { readonly of: Uint32Array; readonly p: Float64Array } {
  const count = countOf(rows, list)
  const of = new Uint32Array(count)
  const p = new Float64Array(count)
  let at = 0
  for (const [ordinal, row] of rows.entries()) {
    for (const item of list(row)) {
      of[at] = ordinal
      p[at] = item.p
      at += 1
    }
  }
  return { of, p }
}

/** The buffers of the columns, which may be handed to another thread without a copy. */
export function buffersOf(columns: RowColumns): readonly ArrayBuffer[] {
  const { tokens, strings, dates, numbers, references } = columns
  const arrays = [
    tokens.of,
    tokens.h,
    strings.of,
    strings.p,
    ...[dates, numbers].flatMap((ranges) => [ranges.of, ranges.p, ranges.lo, ranges.hi]),
    references.of,
    references.p,
  ]
  return arrays.map((array) => array.buffer as ArrayBuffer)
}
