// Reads the search parameter `date`: a FHIR date of any precision with a prefix, as a range of time (UTC when no zone is given).
import { AppError } from '@xinglin/core/errors'

/** A range of time; an open side has no bound. */
export interface DateRange {
  /** Included. */
  readonly from?: Date
  /** Not included. */
  readonly to?: Date
}

const pattern =
  /^(eq|ge|gt|le|lt|sa|eb)?(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

function refused(text: string): AppError {
  return new AppError(
    'invalid-parameter',
    `The parameter date is ${JSON.stringify(text.slice(0, 60))}; it takes a date such as ge2026-08 or lt2026-08-14T08:00:00+08:00 with the prefixes eq, ge, gt, le, lt, sa, eb`,
  )
}

function startOf(text: string, parts: readonly (string | undefined)[]): Date {
  const [
    ,
    ,
    year = '',
    month = '01',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '0',
    zone = 'Z',
  ] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}${zone}`
  const start = new Date(iso)
  const isReal =
    !Number.isNaN(start.getTime()) && new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day)
  if (!isReal) throw refused(text)
  return start
}

// The first moment after the stretch that the text names: a year, a month, a day, a minute, a second or a millisecond.
function endOf(start: Date, parts: readonly (string | undefined)[]): Date {
  const [, , , month, day, hour, , second, fraction] = parts
  const end = new Date(start)
  if (month === undefined) end.setUTCFullYear(end.getUTCFullYear() + 1)
  else if (day === undefined) end.setUTCMonth(end.getUTCMonth() + 1)
  else if (hour === undefined) end.setUTCDate(end.getUTCDate() + 1)
  else if (second === undefined) end.setTime(end.getTime() + 60_000)
  else end.setTime(end.getTime() + (fraction === undefined ? 1000 : 1))
  return end
}

/** The range that a value means. @throws AppError 'invalid-parameter' for anything else */
export function parseDateRange(text: string): DateRange {
  const parts = pattern.exec(text)
  if (parts === null) throw refused(text)
  const from = startOf(text, parts)
  const to = endOf(from, parts)
  switch (parts[1]) {
    case 'ge':
      return { from }
    case 'gt':
    case 'sa':
      return { from: to }
    case 'le':
      return { to }
    case 'lt':
    case 'eb':
      return { to: from }
    default:
      return { from, to }
  }
}

/** The time common to several ranges. */
export function intersect(ranges: readonly DateRange[]): DateRange {
  const froms = ranges.flatMap(({ from }) => (from === undefined ? [] : [from.getTime()]))
  const tos = ranges.flatMap(({ to }) => (to === undefined ? [] : [to.getTime()]))
  return {
    ...(froms.length === 0 ? {} : { from: new Date(Math.max(...froms)) }),
    ...(tos.length === 0 ? {} : { to: new Date(Math.min(...tos)) }),
  }
}
