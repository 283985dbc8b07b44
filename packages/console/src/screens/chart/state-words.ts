// Status codes of FHIR records in the reader's words (pure).
import type { SectionsText } from './sections-text.ts'

/** A status code in words; a code that we do not know is shown as it is. */
export function stateWords(code: string | undefined, text: SectionsText): string {
  if (code === undefined) return '–'
  const key = `state.${code}`
  return key in text ? text[key as keyof SectionsText] : code
}

const minuteMs = 60_000
const hourMinutes = 60
const dayMinutes = 1440

/** The length between two moments, e.g. `30 min`; undefined when one is missing or they are out of order. */
export function lengthWords(
  start: string | undefined,
  end: string | undefined,
  text: SectionsText,
): string | undefined {
  if (start === undefined || end === undefined) return undefined
  const minutes = Math.round((Date.parse(end) - Date.parse(start)) / minuteMs)
  if (!Number.isFinite(minutes) || minutes < 0) return undefined
  const say = (words: string, count: number): string => words.replace('{count}', String(count))
  if (minutes < 2 * hourMinutes) return say(text.minutes, minutes)
  if (minutes < 2 * dayMinutes) return say(text.hours, Math.round(minutes / hourMinutes))
  return say(text.days, Math.round(minutes / dayMinutes))
}
