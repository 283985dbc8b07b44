// FHIR dates as they are read in both languages: 2026-03-12 09:05, never more precise than recorded (pure).

const dateOnly = /^\d{4}(?:-\d{2}(?:-\d{2})?)?$/
const two = (value: number): string => String(value).padStart(2, '0')

function localDay(moment: Date): string {
  return `${String(moment.getFullYear()).padStart(4, '0')}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}

/** The day of a FHIR date or dateTime where the reader is; a date without time is never moved by a time zone. */
export function dayText(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  if (dateOnly.test(value)) return value
  const moment = new Date(value)
  return Number.isNaN(moment.getTime()) ? undefined : localDay(moment)
}

/** Day and minute of a FHIR dateTime where the reader is; only the day when no time is recorded. */
export function minuteText(value: string | undefined): string | undefined {
  const day = dayText(value)
  if (value === undefined || day === undefined || dateOnly.test(value)) return day
  const moment = new Date(value)
  return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}`
}

/** Day, minute and second. */
export function secondText(value: string | undefined): string | undefined {
  const minute = minuteText(value)
  if (value === undefined || minute === undefined || dateOnly.test(value)) return minute
  return `${minute}:${two(new Date(value).getSeconds())}`
}

/** Milliseconds since 1970 for ordering; a partial date counts from its first day. Undefined when unreadable. */
export function timeOf(value: string | undefined): number | undefined {
  const ms = value === undefined ? Number.NaN : Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}
