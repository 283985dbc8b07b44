// Parses one alternative of a search value for each kind of parameter; throws SearchFault for what cannot be used.
import { dateRange, openEndMs } from './dates.ts'
import { splitEscaped, unescapeValue } from './escape.ts'
import { invalid, quote } from './faults.ts'
import { impliedRange, openNumber } from './numbers.ts'
import { identifierHash, parameterHash } from './parameter-keys.ts'
import { parseReference } from './references.ts'
import type {
  DateValue,
  NumberValue,
  Prefix,
  QuantityValue,
  ReferenceValue,
  SearchParameter,
  TokenValue,
} from './types.ts'
import { ofTypeHash, tokenHash, valueHash } from './value-keys.ts'

/** What values are parsed with. */
export interface ValueContext {
  /** FHIR base under which absolute references are records here. */
  readonly baseUrl: string | undefined
  /** The present, for the prefix `ap`. */
  readonly nowMs: number | undefined
  /** What is left of the criteria that one search may come to; counted down while parsing. */
  readonly budget: { criteriaLeft: number }
}

const prefixPattern = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+-])/

function splitPrefix(text: string): readonly [Prefix, string] {
  const prefix = prefixPattern.exec(text)?.[1]
  return prefix === undefined ? ['eq', text] : [prefix as Prefix, text.slice(2)]
}

/** A token: `code`, `system|code`, `|code`, `system|`. */
export function parseToken(parameter: SearchParameter, text: string, p = parameterHash(parameter)): TokenValue {
  const parts = splitEscaped(text, '|').map(unescapeValue)
  const [first = '', second] = parts
  if (parts.length > 2)
    throw invalid(`${name(parameter)} takes code, system|code, |code or system|, not ${quote(text)}.`)
  if (second === undefined) return { code: first, h: tokenHash(p, undefined, first) }
  if (second !== '') return { system: first, code: second, h: tokenHash(p, first, second) }
  if (first === '') throw invalid(`${name(parameter)} needs a system or a code, not only '|'.`)
  return { system: first, h: tokenHash(p, first, undefined) }
}

/** `:of-type`: `system|code|value`. */
export function parseOfType(parameter: SearchParameter, text: string): TokenValue {
  const [system = '', code = '', value = '', ...rest] = splitEscaped(text, '|').map(unescapeValue)
  if (code === '' || value === '' || rest.length > 0) {
    throw invalid(`${name(parameter)}:of-type takes system|code|value, not ${quote(text)}.`)
  }
  const ofType = { system, code }
  return { ofType, code: value, h: ofTypeHash(parameterHash(parameter), ofType, value) }
}

/** `:identifier` of a reference. */
export function parseReferenceIdentifier(parameter: SearchParameter, text: string): ReferenceValue {
  const identifier = parseToken(parameter, text, identifierHash(parameterHash(parameter)))
  return { identifier, h: [identifier.h] }
}

/** A reference: `Type/id`, `id`, or an address. `type` is that of the modifier, if there is one. */
export function parseReferenceValue(
  parameter: SearchParameter,
  text: string,
  type: string | undefined,
  context: ValueContext,
): ReferenceValue {
  const value = unescapeValue(text)
  const p = parameterHash(parameter)
  if (/^[A-Za-z0-9\-.]{1,64}$/.test(value)) {
    const types = type === undefined ? parameter.targets : [type]
    const only = types.length === 1 ? types[0] : undefined
    // A bare word may also be the address itself, as of a canonical that is no URL.
    const hashes = types.map((target) => valueHash(p, `${target}/${value}`))
    return {
      ...(only === undefined ? {} : { type: only }),
      id: value,
      h: type === undefined ? [...hashes, valueHash(p, value)] : hashes,
    }
  }
  const target = parseReference(value, context.baseUrl)
  if (target === undefined) throw invalid(`${name(parameter)} takes Type/id, an id or a URL, not ${quote(value)}.`)
  if (target.kind === 'address') return { url: target.url, h: [valueHash(p, target.url)] }
  if (type !== undefined && target.type !== type) {
    throw invalid(`${name(parameter)}:${type} cannot be a reference to a ${target.type}.`)
  }
  return { type: target.type, id: target.id, h: [valueHash(p, `${target.type}/${target.id}`)] }
}

/** A date with its prefix. `ap` widens the range by a tenth of its distance from now. */
export function parseDate(label: string, text: string, context: ValueContext): DateValue {
  const [prefix, date] = splitPrefix(unescapeValue(text))
  // A plus sign that was not percent-encoded arrives as a space.
  const range = dateRange(date.replace(/ (?=\d{2}:\d{2}$)/, '+'))
  if (range === undefined) {
    throw invalid(
      `${label} takes a date such as 2026-11-24 or 2026-11-24T10:30:00+08:00 after an optional prefix, not ${quote(text)}.`,
    )
  }
  if (prefix !== 'ap' || context.nowMs === undefined) return { prefix, ...range }
  const slackMs = Math.abs(context.nowMs - range.lo) / 10
  return {
    prefix,
    lo: Math.max(-openEndMs, Math.floor(range.lo - slackMs)),
    hi: Math.min(openEndMs, Math.ceil(range.hi + slackMs)),
  }
}

/** A number with its prefix. `ap` is within a tenth of the value. */
export function parseNumber(parameter: SearchParameter, text: string): NumberValue {
  const [prefix, digits] = splitPrefix(unescapeValue(text))
  const range = impliedRange(digits)
  if (range === undefined)
    throw invalid(`${name(parameter)} takes a number after an optional prefix, not ${quote(text)}.`)
  if (prefix !== 'ap') return { prefix, ...range }
  const slack = Math.abs(range.value) / 10
  return {
    prefix,
    value: range.value,
    lo: Math.max(-openNumber, Math.min(range.lo, range.value - slack)),
    hi: Math.min(openNumber, Math.max(range.hi, range.value + slack)),
  }
}

/** A quantity: `number`, `number||code`, `number|system|code`. */
export function parseQuantity(parameter: SearchParameter, text: string): QuantityValue {
  const parts = splitEscaped(text, '|').map(unescapeValue)
  const [digits = '', system = '', code = ''] = parts
  if (parts.length !== 1 && (parts.length !== 3 || code === '')) {
    throw invalid(`${name(parameter)} takes number, number||unit or number|system|code, not ${quote(text)}.`)
  }
  const number = parseNumber(parameter, digits)
  const p = parameterHash(parameter)
  if (code === '') return { ...number, p }
  if (system === '') return { ...number, code, p: tokenHash(p, undefined, code) }
  return { ...number, system, code, p: tokenHash(p, system, code) }
}

/** The parameter as messages name it. */
export function name(parameter: SearchParameter): string {
  return `The parameter ${parameter.code} of ${parameter.base}`
}
