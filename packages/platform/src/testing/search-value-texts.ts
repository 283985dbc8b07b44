// A value of a resource as the text of a search that must find it (http://hl7.org/fhir/R4/search.html#ptypes).
import type { SearchParameter } from '@xinglin/core/fhir/search'

/** The value of a search, with the modifier that it needs (`''`, `:exact` …). */
export interface ValueText {
  readonly modifier: string
  readonly text: string
}

type Json = Readonly<Record<string, unknown>>
type Kind = Pick<SearchParameter, 'type' | 'targets'>

const contactSystems: ReadonlySet<unknown> = new Set(['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other'])
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const escaped = (text: string) => text.replace(/[,|$\\]/g, (character) => `\\${character}`)
const plain = (text: unknown): readonly ValueText[] => (isText(text) ? [{ modifier: '', text: escaped(text) }] : [])

/** Searches that must find the value; empty for a value that cannot be asked for in this way. */
export function valueTexts(parameter: Kind, value: unknown): readonly ValueText[] {
  switch (parameter.type) {
    case 'token':
      return tokens(value)
    case 'string':
      return strings(value)
    case 'reference':
      return references(parameter, value)
    case 'date':
      return dates(value)
    case 'number':
      return typeof value === 'number' ? [{ modifier: '', text: String(value) }] : []
    case 'quantity':
      return quantities(value)
    case 'uri':
      return plain(value)
    case 'composite':
    case 'special':
      return []
    default:
      return parameter.type satisfies never
  }
}

function pair(system: unknown, code: unknown): readonly ValueText[] {
  if (!isText(code)) return isText(system) ? [{ modifier: '', text: `${escaped(system)}|` }] : []
  const whole = `${isText(system) ? escaped(system) : ''}|${escaped(code)}`
  return [{ modifier: '', text: whole }, ...plain(code)]
}

function tokens(value: unknown): readonly ValueText[] {
  if (!isObject(value)) return plain(value === undefined || value === null ? undefined : String(value))
  if ('coding' in value || ('text' in value && !('value' in value))) {
    const codings = list(value['coding']).filter(isObject)
    const text = isText(value['text']) ? [{ modifier: ':text', text: escaped(value['text'].slice(0, 100)) }] : []
    return [...codings.flatMap((coding) => pair(coding['system'], coding['code'])), ...text]
  }
  if ('code' in value || 'display' in value) return pair(value['system'], value['code'])
  if (contactSystems.has(value['system'])) return plain(value['value'])
  return [...pair(value['system'], value['value']), ...identifierTypes(value)]
}

function identifierTypes({ type, value }: Json): readonly ValueText[] {
  if (!isObject(type) || !isText(value)) return []
  const [coding] = list(type['coding']).filter(isObject)
  if (coding === undefined || !isText(coding['code'])) return []
  const system = isText(coding['system']) ? escaped(coding['system']) : ''
  return [{ modifier: ':of-type', text: `${system}|${escaped(coding['code'])}|${escaped(value)}` }]
}

function strings(value: unknown): readonly ValueText[] {
  if (isText(value)) {
    const text = escaped(value.slice(0, 200))
    return [
      { modifier: '', text },
      { modifier: ':contains', text: escaped(value.slice(1, 100).trim()) },
      ...(value.length <= 200 ? [{ modifier: ':exact', text }] : []),
    ]
  }
  if (!isObject(value)) return []
  const names = [
    'family',
    'given',
    'prefix',
    'suffix',
    'text',
    'line',
    'city',
    'district',
    'state',
    'postalCode',
    'country',
  ]
  return names.flatMap((name) => [value[name]].flat()).flatMap(plain)
}

function references(parameter: Kind, value: unknown): readonly ValueText[] {
  if (isText(value)) return value.startsWith('#') ? [] : [...plain(value), ...plain(value.split('|')[0])]
  if (!isObject(value)) return []
  const { reference, identifier, display } = value
  const asked = isObject(identifier) ? pair(identifier['system'], identifier['value']) : []
  const byIdentifier = asked.map(({ text }) => ({ modifier: ':identifier', text }))
  const byText = isText(display) ? [{ modifier: ':text', text: escaped(display.slice(0, 100)) }] : []
  if (!isText(reference) || reference.startsWith('#')) return [...byIdentifier, ...byText]
  const target = reference.replace(/\/_history\/.*$/, '')
  const [, type, id] = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/.exec(target) ?? []
  const isTarget = type !== undefined && parameter.targets.includes(type)
  const typed = isTarget && id !== undefined ? [{ modifier: `:${type}`, text: id }] : []
  return [...plain(target), ...typed, ...byIdentifier, ...byText]
}

function dates(value: unknown): readonly ValueText[] {
  // Some choices allow a text in place of a date.
  if (isText(value) && !/^\d{4}/.test(value)) return []
  if (isText(value)) return ['', 'ge', 'le'].map((prefix) => ({ modifier: '', text: `${prefix}${value}` }))
  if (!isObject(value)) return []
  const { start, end, event } = value
  const events = list(event).slice(0, 2).flatMap(dates)
  const from = isText(start) ? [{ modifier: '', text: `ge${start}` }] : []
  const to = isText(end) ? [{ modifier: '', text: `le${end}` }] : []
  return [...from, ...to, ...events]
}

function quantities(value: unknown): readonly ValueText[] {
  if (!isObject(value)) return []
  const { value: number, comparator, system, code, unit, currency, low, high } = value
  if (isObject(low) || isObject(high)) return [...bound('ge', low), ...bound('le', high)]
  if (typeof number !== 'number' || comparator !== undefined) return []
  const texts = [String(number)]
  if (isText(currency)) texts.push(`${number}|urn:iso:std:iso:4217|${currency}`)
  if (isText(code) && isText(system)) texts.push(`${number}|${escaped(system)}|${escaped(code)}`)
  if (isText(code)) texts.push(`${number}||${escaped(code)}`)
  else if (isText(unit)) texts.push(`${number}||${escaped(unit)}`)
  return texts.map((text) => ({ modifier: '', text }))
}

function bound(prefix: string, end: unknown): readonly ValueText[] {
  if (!isObject(end) || typeof end['value'] !== 'number') return []
  return [{ modifier: '', text: `${prefix}${end['value']}` }]
}
