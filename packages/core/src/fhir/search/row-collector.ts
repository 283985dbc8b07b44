// Collects the index rows of one resource while its values are visited.
import type { IndexRows } from './types.ts'

/** The rows of one resource in the making. */
export class RowCollector {
  readonly tokens: number[] = []
  readonly presences: number[] = []
  readonly strings: { readonly p: number; readonly v: string; readonly raw: string }[] = []
  readonly dates: { readonly p: number; readonly lo: number; readonly hi: number }[] = []
  readonly numbers: { readonly p: number; readonly lo: number; readonly hi: number }[] = []
  readonly references: { readonly p: number; readonly type: string; readonly id: string }[] = []
  readonly labels: number[] = []
  readonly patients: string[] = []
  readonly baseUrl: string | undefined
  /** By preference: a later parameter counts only when the earlier ones have no value. */
  clinicalDate: number | undefined
  clinicalRank = Number.MAX_SAFE_INTEGER

  constructor(baseUrl: string | undefined) {
    this.baseUrl = baseUrl
  }

  string(p: number, v: string, raw: string): void {
    // PostgreSQL has no text with NUL.
    if (v !== '') this.strings.push({ p, v, raw: raw.includes('\0') ? raw.replaceAll('\0', '') : raw })
  }

  date(p: number, lo: number, hi: number): void {
    this.dates.push({ p, lo, hi })
  }

  number(p: number, lo: number, hi: number): void {
    this.numbers.push({ p, lo, hi })
  }

  reference(p: number, type: string, id: string): void {
    this.references.push({ p, type, id })
  }

  clinical(rank: number, ms: number): void {
    if (rank > this.clinicalRank || (rank === this.clinicalRank && ms >= (this.clinicalDate ?? ms))) return
    this.clinicalRank = rank
    this.clinicalDate = ms
  }

  rows(): IndexRows {
    const tokens = sortedUnique(this.tokens)
    return {
      tok: sortedUnique(tokens.concat(this.presences)),
      tokens,
      strings: distinct(this.strings, isSameString, (row) => `${row.p} ${row.v} ${row.raw}`),
      dates: distinct(this.dates, isSameRange, (row) => `${row.p} ${row.lo} ${row.hi}`),
      numbers: distinct(this.numbers, isSameRange, (row) => `${row.p} ${row.lo} ${row.hi}`),
      references: distinct(this.references, isSameReference, (row) => `${row.p} ${row.type} ${row.id}`),
      clinicalDate: this.clinicalDate,
      patients: this.patients.length < 2 ? this.patients : [...new Set(this.patients)],
      labels: this.labels.length === 0 ? [] : sortedUnique(this.labels),
    }
  }
}

type StringRow = IndexRows['strings'][number]
type RangeRow = IndexRows['numbers'][number]
type ReferenceRow = IndexRows['references'][number]

const isSameString = (a: StringRow, b: StringRow) => a.p === b.p && a.v === b.v && a.raw === b.raw
const isSameRange = (a: RangeRow, b: RangeRow) => a.p === b.p && a.lo === b.lo && a.hi === b.hi
const isSameReference = (a: ReferenceRow, b: ReferenceRow) => a.p === b.p && a.type === b.type && a.id === b.id

// A few rows are compared with each other; many, as a hostile resource may have, by a set.
const fewRows = 24

function distinct<T>(rows: readonly T[], isSame: (a: T, b: T) => boolean, key: (row: T) => string): readonly T[] {
  if (rows.length < 2) return rows
  if (rows.length > fewRows) return [...new Map(rows.map((row) => [key(row), row])).values()]
  const kept: T[] = []
  for (const row of rows) if (!kept.some((other) => isSame(other, row))) kept.push(row)
  return kept
}

// A typed array sorts numbers without a comparing function.
function sortedUnique(values: readonly number[]): readonly number[] {
  const sorted = new Float64Array(values).sort()
  const unique: number[] = []
  let last = -1
  for (let index = 0; index < sorted.length; index += 1) {
    const value = sorted[index] ?? last
    if (value !== last) unique.push(value)
    last = value
  }
  return unique
}
