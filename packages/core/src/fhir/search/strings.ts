// What a string parameter can find of each datatype; names and addresses leave one row for each of their parts.
import { hasHan, normaliseText } from './normalise.ts'
import { isObject, type TypedValue } from './paths.ts'
import { latinForms, type Reading } from './pinyin.ts'

/** Receives a normalised text and the raw text that `:exact` compares. */
export type VisitString = (normalised: string, raw: string) => void

/** Calls `visit` with each text of a value. */
export function eachString(typed: TypedValue, visit: VisitString): void {
  const { value } = typed
  if (typeof value === 'string') {
    plain(value, typed.datatype === 'surname' ? 'surname' : 'text', visit)
    return
  }
  if (!isObject(value)) return
  if (typed.datatype === 'HumanName') humanName(value, visit)
  else if (typed.datatype === 'Address') address(value, visit)
}

/** Calls `visit` with a text and, for Chinese, with its Latin forms. */
export function plain(value: string, reading: Reading, visit: VisitString): void {
  if (value === '') return
  const normalised = normaliseText(value)
  visit(normalised, value)
  if (!hasHan(normalised)) return
  for (const form of latinForms(value, reading)) visit(form, value)
}

function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string' && item !== '') : []
}

function humanName(name: Readonly<Record<string, unknown>>, visit: VisitString): void {
  const family = texts(name['family'])
  const given = texts(name['given'])
  for (const part of family) plain(part, 'surname', visit)
  for (const part of [...given, ...texts(name['prefix']), ...texts(name['suffix'])]) plain(part, 'text', visit)
  const whole = texts(name['text'])
  for (const part of whole) plain(part, 'full-name', visit)
  if (family.length > 0 && given.length > 0) {
    const inOrder = [...family, ...given].join(' ')
    plain(inOrder, 'full-name', visit)
    if (!hasHan(inOrder)) plain([...given, ...family].join(' '), 'text', visit)
  }
}

function address(value: Readonly<Record<string, unknown>>, visit: VisitString): void {
  for (const key of ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country']) {
    for (const part of texts(value[key])) plain(part, 'text', visit)
  }
}
