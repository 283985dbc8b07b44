// Formats of date, dateTime, instant and time, with real calendar days (http://hl7.org/fhir/R4/datatypes.html).

const datePattern = /^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$/
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?'
const zone = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))'
const momentPattern = new RegExp(`^\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])T${clock}${zone}$`)
const momentWithoutZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/
const timePattern = new RegExp(`^${clock}$`)
const longestMoment = 60

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** The day exists; the text has passed a pattern already. */
function calendarFault(text: string): string | undefined {
  const year = Number(text.slice(0, 4))
  if (year === 0) return 'has year 0000, which does not exist'
  if (text.length < 10) return undefined
  const day = Number(text.slice(8, 10))
  if (day <= 28 || day <= daysInMonth(year, Number(text.slice(5, 7)))) return undefined
  return `names a day that does not exist: ${text.slice(0, 10)}`
}

/** Tells what is wrong with a FHIR date (YYYY, YYYY-MM or YYYY-MM-DD). */
export function dateFault(text: string): string | undefined {
  if (!datePattern.test(text)) return 'must be a date as YYYY, YYYY-MM or YYYY-MM-DD'
  return calendarFault(text)
}

/** Tells what is wrong with a FHIR instant (full date and time with seconds and time zone). */
export function instantFault(text: string): string | undefined {
  if (text.length <= longestMoment && momentPattern.test(text)) return calendarFault(text)
  if (momentWithoutZone.test(text)) return 'must have seconds and a time zone, such as 2026-01-31T13:45:00+01:00'
  return 'must be a date and time with time zone, such as 2026-01-31T13:45:00+01:00'
}

/** Tells what is wrong with a FHIR dateTime (a date, or date and time with time zone). */
export function dateTimeFault(text: string): string | undefined {
  if (text.length <= 10) return dateFault(text)
  return instantFault(text)
}

/** Tells what is wrong with a FHIR time (hh:mm:ss). */
export function timeFault(text: string): string | undefined {
  return timePattern.test(text) ? undefined : 'must be a time as hh:mm:ss, without time zone'
}

/** The earliest and latest moment (ms since 1970) that a date or dateTime can mean, in UTC if it has no time zone. */
function momentRange(text: string): readonly [number, number] | undefined {
  if (text.length > 10) {
    const moment = Date.parse(text.replace(/:60/, ':59'))
    return Number.isNaN(moment) ? undefined : [moment, moment]
  }
  if (dateFault(text) !== undefined) return undefined
  const year = Number(text.slice(0, 4))
  const month = text.length > 4 ? Number(text.slice(5, 7)) : undefined
  const day = text.length > 7 ? Number(text.slice(8, 10)) : undefined
  const start = Date.UTC(year, (month ?? 1) - 1, day ?? 1)
  const end = day !== undefined ? start + 86_400_000 : Date.UTC(month === undefined ? year + 1 : year, month ?? 0, 1)
  return [start, end - 1]
}

const widestZoneMs = 14 * 3_600_000

/**
 * Negative, zero or positive as one date or dateTime comes before, with or after the other; undefined when missing precision
 * or a missing time zone leaves that open.
 */
export function orderOfMoments(left: string, right: string): number | undefined {
  if (left === right) return 0
  const one = momentRange(left)
  const other = momentRange(right)
  if (one === undefined || other === undefined) return undefined
  // A day without a time zone may begin up to 14 hours earlier or later; two such days are compared as they are.
  const slack = left.length > 10 === right.length > 10 ? 0 : widestZoneMs
  if (one[1] < other[0] - slack) return -1
  if (one[0] > other[1] + slack) return 1
  return one[0] === one[1] && other[0] === other[1] && one[0] === other[0] ? 0 : undefined
}
