// Formats of the FHIR primitive types as JSON values (http://hl7.org/fhir/R4/datatypes.html).

import { jsonType } from '../walk.ts'
import { base64Fault } from './base64.ts'
import { dateFault, dateTimeFault, instantFault, timeFault } from './dates.ts'

/** Gives what is wrong with a value, as the end of a sentence that begins with the element's name. */
export type PrimitiveFault = (value: unknown) => string | undefined

// FHIR counts characters of a string up to 1 MB: http://hl7.org/fhir/R4/datatypes.html#string
const longestString = 1_048_576
// Control characters other than tab, line feed and carriage return.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule is about
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/
// White space is what XML takes as such: http://hl7.org/fhir/R4/datatypes.html#code
const codePattern = /^[^ \t\n\r]+(?:[ \t\n\r][^ \t\n\r]+)*$/
const idPattern = /^[A-Za-z0-9\-.]{1,64}$/
const oidPattern = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/
const uuidPattern = /^urn:uuid:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const whitespace = /\s/

function textFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a JSON string, not ${jsonType(value)}`
  if (value.length === 0) return 'must not be empty; leave it out instead'
  if (controlCharacter.test(value)) return 'must not contain control characters'
  if (!value.isWellFormed()) return 'must not contain half of a surrogate pair (broken Unicode)'
  return undefined
}

function stringFault(value: unknown): string | undefined {
  if (typeof value === 'string' && value.length > longestString)
    return `must not be longer than ${longestString} characters`
  return textFault(value)
}

function formatted(fault: (text: string) => string | undefined): PrimitiveFault {
  return (value) => stringFault(value) ?? fault(value as string)
}

function uriFault(text: string): string | undefined {
  if (whitespace.test(text)) return 'must be a URI and so must not contain spaces'
  if (text.startsWith('urn:uuid:') && !uuidPattern.test(text)) {
    return 'must be a UUID as urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'
  }
  if (text.startsWith('urn:oid:') && !oidPattern.test(text)) return 'must be an OID as urn:oid:1.2.3'
  return undefined
}

function numberFault(value: unknown): string | undefined {
  if (typeof value !== 'number') return `must be a JSON number, not ${jsonType(value)}`
  return Number.isFinite(value) ? undefined : 'must be a finite number'
}

function integerFault(smallest: number): PrimitiveFault {
  return (value) => {
    if (typeof value !== 'number') return `must be a JSON number, not ${jsonType(value)}`
    if (!Number.isInteger(value)) return 'must be a whole number'
    return value < smallest || value > 2_147_483_647 ? `must be between ${smallest} and 2147483647` : undefined
  }
}

/** The check of each primitive type. */
export const primitiveFaults: Readonly<Record<string, PrimitiveFault>> = {
  base64Binary: (value) => (typeof value === 'string' ? base64Fault(value) : stringFault(value)),
  boolean: (value) => (typeof value === 'boolean' ? undefined : `must be true or false, not ${jsonType(value)}`),
  canonical: formatted((text) => uriFault(text.split('|', 1)[0] ?? text)),
  code: formatted((text) =>
    codePattern.test(text) ? undefined : 'must be a code: no spaces at its ends and none doubled inside',
  ),
  date: formatted(dateFault),
  dateTime: formatted(dateTimeFault),
  decimal: numberFault,
  id: formatted((text) =>
    idPattern.test(text) ? undefined : "must be an id: 1 to 64 of A-Z, a-z, 0-9, '-' and '.' only",
  ),
  instant: formatted(instantFault),
  integer: integerFault(-2_147_483_648),
  markdown: stringFault,
  oid: formatted((text) => (oidPattern.test(text) ? undefined : 'must be an OID as urn:oid:1.2.3')),
  positiveInt: integerFault(1),
  string: stringFault,
  time: formatted(timeFault),
  unsignedInt: integerFault(0),
  uri: formatted(uriFault),
  url: formatted(uriFault),
  uuid: formatted((text) =>
    uuidPattern.test(text) ? undefined : 'must be a UUID as urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
  ),
  // Not a string: its length has no limit of its own.
  xhtml: (value) => textFault(value),
}
