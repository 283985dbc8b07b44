// What is typed to find a patient, read as a birth date, a record number or a name (pure).
import type { SearchValues } from '../api/search.ts'

/** Escapes what has a meaning inside FHIR search values (http://hl7.org/fhir/R4/search.html#escaping). */
export function escapeValue(text: string): string {
  return text.replace(/[\\,$|]/g, (character) => `\\${character}`)
}

/** What was typed, read as a birth date, a number of a record, or a name. */
export function typedSearch(typed: string): SearchValues {
  const text = typed.trim().replace(/\s+/g, ' ')
  if (text === '') return []
  if (/^\d{4}-\d{2}(?:-\d{2})?$/.test(text)) return [['birthdate', text]]
  if (!/\d/.test(text)) return [['name', escapeValue(text)]]
  // Record numbers are compared exactly; whoever types them does not mind the case.
  const number = escapeValue(text.replaceAll(' ', ''))
  return [['identifier', [...new Set([number, number.toUpperCase(), number.toLowerCase()])].join(',')]]
}
