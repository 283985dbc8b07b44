// Collects what is wrong with a search, so that all of it is told at once.
import { AppError, type Issue } from '../../errors/index.ts'

/** A search that cannot be understood in one place; the parser of that parameter stops there. */
export class SearchFault extends Error {
  readonly kind: 'unknown' | 'invalid' | 'limit'

  constructor(kind: 'unknown' | 'invalid' | 'limit', message: string) {
    super(message)
    this.name = 'SearchFault'
    this.kind = kind
  }
}

/** The parameter, modifier or combination is not known or not supported. */
export function unknown(message: string): SearchFault {
  return new SearchFault('unknown', message)
}

/** The value cannot be used. */
export function invalid(message: string): SearchFault {
  return new SearchFault('invalid', message)
}

/** The search asks for more than is done for one request. */
export function tooMuch(message: string): SearchFault {
  return new SearchFault('limit', message)
}

const issueCodes = { unknown: 'not-supported', invalid: 'value', limit: 'too-costly' } as const

/** One fault of a search as an issue. */
export function toIssue(fault: SearchFault, severity: 'error' | 'warning'): Issue {
  return { severity, code: issueCodes[fault.kind], diagnostics: fault.message }
}

/** The error that tells all faults. */
export function refuse(faults: readonly SearchFault[]): AppError {
  const [first] = faults
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more; see the issues)` : ''
  return new AppError(
    faults.some((fault) => fault.kind === 'unknown') ? 'unknown-parameter' : 'invalid-parameter',
    `${first?.message ?? 'The search cannot be understood.'}${more}`,
    { issues: faults.map((fault) => toIssue(fault, 'error')) },
  )
}

/** A text from outside as it is safe to repeat in a message: printable and short. */
export function quote(text: string): string {
  const printable = text.replace(/[\p{C}]/gu, '?')
  return `'${printable.length > 60 ? `${printable.slice(0, 60).toWellFormed()}…` : printable}'`
}

/** The names most like a mistyped one, best first. */
export function nearest(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.slice(0, 40).toLowerCase()
  return names
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance: steps }) => steps <= Math.max(2, candidate.length / 2))
    .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

// Levenshtein distance, by rows; part of a name counts as near.
function distance(a: string, b: string): number {
  if (a.length >= 3 && b.includes(a)) return 1
  let row = Array.from({ length: b.length + 1 }, (_value, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
