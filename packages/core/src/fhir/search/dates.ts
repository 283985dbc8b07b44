// Dates as ranges of milliseconds: what precision and time zone imply (http://hl7.org/fhir/R4/search.html#date).
import { isObject, type TypedValue } from './paths.ts'

/** Half-open range [lo, hi) in ms since 1970; open ends are ±8.64e15. */
export interface DateRange {
  readonly lo: number
  readonly hi: number
}

/** An end that is not given. */
export const openEndMs = 8.64e15

const pattern =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/** The range that a date, dateTime or instant stands for, or undefined when it is none. Without a zone it is taken as UTC. */
export function dateRange(text: string): DateRange | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match
  const monthIndex = month === undefined ? 0 : Number(month) - 1
  const dayNumber = day === undefined ? 1 : Number(day)
  if (monthIndex < 0 || monthIndex > 11 || dayNumber < 1 || dayNumber > daysIn(Number(year), monthIndex))
    return undefined
  if (month === undefined) return { lo: utc(Number(year), 0, 1), hi: utc(Number(year) + 1, 0, 1) }
  if (day === undefined) return { lo: utc(Number(year), monthIndex, 1), hi: utc(Number(year), monthIndex + 1, 1) }
  const start = utc(Number(year), monthIndex, dayNumber)
  if (hour === undefined) return { lo: start, hi: start + 86_400_000 }
  return timeRange(start, { hour, minute, second, fraction, zone })
}

interface TimeParts {
  readonly hour: string
  readonly minute: string | undefined
  readonly second: string | undefined
  readonly fraction: string | undefined
  readonly zone: string | undefined
}

function timeRange(start: number, parts: TimeParts): DateRange | undefined {
  const [hours, minutes, seconds] = [Number(parts.hour), Number(parts.minute ?? 0), Number(parts.second ?? 0)]
  const offset = zoneMinutes(parts.zone)
  if (hours > 23 || minutes > 59 || seconds > 60 || offset === undefined) return undefined
  // A leap second is counted as the second before it.
  const whole = start + (hours * 60 + minutes - offset) * 60_000 + Math.min(seconds, 59) * 1000
  if (parts.second === undefined) return { lo: whole, hi: whole + 60_000 }
  if (parts.fraction === undefined) return { lo: whole, hi: whole + 1000 }
  const digits = parts.fraction.slice(0, 3)
  const lo = whole + Number(digits.padEnd(3, '0'))
  return { lo, hi: lo + 10 ** (3 - digits.length) }
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

// Date.UTC takes years below 100 as 19xx.
function utc(year: number, month: number, day: number): number {
  if (year >= 100) return Date.UTC(year, month, day)
  return new Date(0).setUTCFullYear(year, month, day)
}

function daysIn(year: number, month: number): number {
  if (month === 1) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31
}

/** Calls `visit` with each range that a value stands for. */
export function eachDate(typed: TypedValue, visit: (lo: number, hi: number) => void): void {
  const { value } = typed
  if (typeof value === 'string') {
    const range = dateRange(value)
    if (range !== undefined) visit(range.lo, range.hi)
    return
  }
  if (!isObject(value)) return
  if (typed.datatype === 'Timing') timing(value, visit)
  else period(value, visit)
}

function period(value: Readonly<Record<string, unknown>>, visit: (lo: number, hi: number) => void): void {
  const start = typeof value['start'] === 'string' ? dateRange(value['start']) : undefined
  const end = typeof value['end'] === 'string' ? dateRange(value['end']) : undefined
  if (start === undefined && end === undefined) return
  const lo = start?.lo ?? -openEndMs
  // An end before its start is a mistake in the data; the range stays well formed.
  visit(lo, Math.max(end?.hi ?? openEndMs, lo))
}

function timing(value: Readonly<Record<string, unknown>>, visit: (lo: number, hi: number) => void): void {
  const events = Array.isArray(value['event']) ? value['event'] : []
  for (const event of events) eachDate({ datatype: 'dateTime', system: undefined, value: event }, visit)
  const { repeat } = value
  if (isObject(repeat) && isObject(repeat['boundsPeriod'])) period(repeat['boundsPeriod'], visit)
}
