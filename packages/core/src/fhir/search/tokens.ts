// What is a token: system and code of each datatype, and the texts that `:text` searches.
import { isObject, type TypedValue } from './paths.ts'

/** Receives a token; `system` is '' when the value has none, and undefined when there is only a system's code space (`code`, `boolean`, `string`). */
export type VisitToken = (system: string, code: string | undefined) => void

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Calls `visit` with each token of a value. */
export function eachToken(typed: TypedValue, visit: VisitToken): void {
  const { value } = typed
  if (!isObject(value)) {
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') visit('', String(value))
    // A code without a system in the resource has that of its required binding.
    if (typed.system !== undefined && typeof value === 'string') visit(typed.system, value)
    return
  }
  switch (typed.datatype) {
    case 'CodeableConcept':
      if (Array.isArray(value['coding'])) for (const coding of value['coding']) coded(coding, 'code', visit)
      return
    case 'Coding':
      coded(value, 'code', visit)
      return
    default:
      // An Identifier; a ContactPoint has a system too, but it names the kind of contact.
      coded(value, 'value', visit)
  }
}

function coded(value: unknown, key: 'code' | 'value', visit: VisitToken): void {
  if (!isObject(value)) return
  const system = text(value['system'])
  const code = text(value[key])
  if (system !== undefined || code !== undefined) visit(system ?? '', code)
}

/** Calls `visit` with each text that `:text` searches: text and display of concepts, the text of an identifier's type. */
export function eachTokenText(typed: TypedValue, visit: (text: string) => void): void {
  const { value } = typed
  if (!isObject(value)) return
  const concept = typed.datatype === 'Identifier' ? value['type'] : value
  if (!isObject(concept)) return
  const seen = new Set([text(concept['text']), text(concept['display'])])
  if (Array.isArray(concept['coding'])) {
    for (const coding of concept['coding']) if (isObject(coding)) seen.add(text(coding['display']))
  }
  for (const found of seen) if (found !== undefined) visit(found)
}

/** Calls `visit` with each type of an identifier and its value, for `:of-type`. */
export function eachIdentifierType(
  typed: TypedValue,
  visit: (type: { readonly system: string; readonly code: string }, value: string) => void,
): void {
  const { value } = typed
  if (typed.datatype !== 'Identifier' || !isObject(value) || !isObject(value['type'])) return
  const number = text(value['value'])
  const codings = value['type']['coding']
  if (number === undefined || !Array.isArray(codings)) return
  for (const coding of codings) {
    if (isObject(coding) && typeof coding['code'] === 'string') {
      visit({ system: text(coding['system']) ?? '', code: coding['code'] }, number)
    }
  }
}
