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
    if (v !== '' && !this.strings.some((row) => row.p === p && row.v === v && row.raw === raw)) {
      this.strings.push({ p, v, raw })
    }
  }

  date(p: number, lo: number, hi: number): void {
    if (!hasRange(this.dates, p, lo, hi)) this.dates.push({ p, lo, hi })
  }

  number(p: number, lo: number, hi: number): void {
    if (!hasRange(this.numbers, p, lo, hi)) this.numbers.push({ p, lo, hi })
  }

  reference(p: number, type: string, id: string): void {
    if (!this.references.some((row) => row.p === p && row.id === id && row.type === type)) {
      this.references.push({ p, type, id })
    }
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
      strings: this.strings,
      dates: this.dates,
      numbers: this.numbers,
      references: this.references,
      clinicalDate: this.clinicalDate,
      patients: this.patients.length < 2 ? this.patients : [...new Set(this.patients)],
      labels: this.labels.length === 0 ? [] : sortedUnique(this.labels),
    }
  }
}

type Range = { readonly p: number; readonly lo: number; readonly hi: number }

function hasRange(rows: readonly Range[], p: number, lo: number, hi: number): boolean {
  for (const row of rows) if (row.p === p && row.lo === lo && row.hi === hi) return true
  return false
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
