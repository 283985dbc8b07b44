// Reads the parameters of a history: _since, _at, _count, _cursor.
import { AppError } from '@xinglin/core/errors'

/** Parameters of a history, checked. */
export interface HistoryParameters {
  readonly since: Date | undefined
  readonly at: { readonly from: Date; readonly to: Date } | undefined
  readonly count: number
  readonly cursor: string | undefined
}

const defaultCount = 50
const maxCount = 1000
const instant =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

function invalid(name: string, hint: string): AppError {
  return new AppError('invalid-parameter', `${name} ${hint}`)
}

/** Parses the pairs; unknown ones are refused with `unknown-parameter`. */
export function parseHistory(pairs: readonly (readonly [string, string])[]): HistoryParameters {
  const known = new Set(['_since', '_at', '_count', '_cursor', '_format', '_pretty'])
  const stranger = pairs.find(([name]) => !known.has(name))
  if (stranger !== undefined) {
    throw new AppError('unknown-parameter', `A history takes _since, _at and _count, not ${stranger[0].slice(0, 60)}`)
  }
  const value = (name: string) => pairs.findLast(([given]) => given === name)?.[1]
  const since = value('_since')
  const at = value('_at')
  return {
    since: since === undefined ? undefined : period('_since', since).from,
    at: at === undefined ? undefined : period('_at', at),
    count: parseCount(value('_count')),
    cursor: value('_cursor'),
  }
}

function parseCount(text: string | undefined): number {
  if (text === undefined) return defaultCount
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw invalid('_count', 'must be a whole number above 0')
  return Math.min(Number(text), maxCount)
}

// The period that a date of any precision means; without an offset it is UTC.
function period(name: string, text: string): { readonly from: Date; readonly to: Date } {
  const [, year, month, day, hour, minute, second, , zone] = instant.exec(text.replace(' ', '+')) ?? []
  if (year === undefined) throw invalid(name, 'must be a date or an instant such as 2026-01-31T12:00:00Z')
  const offset = zone === undefined ? 'Z' : zone
  const whole = `${year}-${month ?? '01'}-${day ?? '01'}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}`
  const fraction = /\.\d+/.exec(text)?.[0] ?? ''
  const from = new Date(`${whole}${fraction}${offset}`)
  if (Number.isNaN(from.getTime())) throw invalid(name, 'is not a date of the calendar')
  return { from, to: endOf(from, { month, day, hour, second, fraction }) }
}

interface Given {
  readonly month: string | undefined
  readonly day: string | undefined
  readonly hour: string | undefined
  readonly second: string | undefined
  readonly fraction: string
}

function endOf(from: Date, given: Given): Date {
  const to = new Date(from)
  if (given.month === undefined) to.setUTCFullYear(to.getUTCFullYear() + 1)
  else if (given.day === undefined) to.setUTCMonth(to.getUTCMonth() + 1)
  else if (given.hour === undefined) to.setUTCDate(to.getUTCDate() + 1)
  else if (given.second === undefined) to.setUTCMinutes(to.getUTCMinutes() + 1)
  else if (given.fraction === '') to.setUTCSeconds(to.getUTCSeconds() + 1)
  else to.setUTCMilliseconds(to.getUTCMilliseconds() + 1)
  return to
}
