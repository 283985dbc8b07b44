// Checks fields against a schema with Kong's words, filling in Kong's defaults (pure).
import type { FieldFaults } from './kong-error.ts'

/** How one field is checked. */
export interface FieldRule {
  readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'texts' | 'integers' | 'reference' | 'record'
  /** Of a record. */
  readonly fields?: FieldRules
  readonly fallback?: unknown
  readonly isRequired?: boolean
  readonly min?: number
  readonly max?: number
  readonly oneOf?: readonly string[]
  /** A further check of a text, or of each text of a list: the fault's sentence, or undefined. */
  readonly check?: (text: string) => string | undefined
  /** Known to Kong but not supported here: only null and the fallback are accepted. */
  readonly isFixed?: boolean
}

/** The fields of an entity or of a plugin's config. */
export type FieldRules = Readonly<Record<string, FieldRule>>

/** Values as sent: texts from a form, typed from JSON. */
export interface SentFields {
  readonly values: Readonly<Record<string, unknown>>
  readonly isForm: boolean
}

/** Values that fit, or the faults. */
export interface CheckedFields {
  readonly values: Readonly<Record<string, unknown>>
  readonly faults: FieldFaults
}

const maxTextLength = 8192
const maxItems = 100

type Outcome = { readonly value: unknown } | { readonly fault: string | FieldFaults }

function textFault(text: string, rule: FieldRule): string | undefined {
  if (text.length > (rule.max ?? maxTextLength)) return `length must be at most ${rule.max ?? maxTextLength}`
  if (text === '') return 'length must be at least 1'
  if (text.includes('\0') || !text.isWellFormed()) return 'must be well-formed text without the character NUL'
  if (rule.oneOf !== undefined && !rule.oneOf.includes(text)) return `expected one of: ${rule.oneOf.join(', ')}`
  return rule.check?.(text)
}

function checkNumber(value: unknown, rule: FieldRule, isForm: boolean): Outcome {
  const isNumeric = isForm && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)
  const number = isNumeric ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return { fault: `expected ${noun(rule)}` }
  if (rule.kind === 'integer' && !Number.isInteger(number)) return { fault: 'expected an integer' }
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = rule
  return number < min || number > max ? { fault: `value should be between ${min} and ${max}` } : { value: number }
}

function noun(rule: FieldRule): string {
  return rule.kind === 'integer' ? 'an integer' : 'a number'
}

function checkTexts(value: unknown, rule: FieldRule, isForm: boolean): Outcome {
  const items = isForm && typeof value === 'string' ? [value] : value
  if (!Array.isArray(items)) return { fault: 'expected an array' }
  if (items.length > maxItems) return { fault: `length must be at most ${maxItems}` }
  if (!items.every((item) => typeof item === 'string')) return { fault: 'expected an array of strings' }
  const fault = items.map((item: string) => textFault(item, rule)).find((one) => one !== undefined)
  return fault === undefined ? { value: items } : { fault }
}

function checkIntegers(value: unknown, rule: FieldRule, isForm: boolean): Outcome {
  const items = isForm && typeof value === 'string' ? [value] : value
  if (!Array.isArray(items)) return { fault: 'expected an array' }
  if (items.length > maxItems) return { fault: `length must be at most ${maxItems}` }
  const outcomes = items.map((item) => checkNumber(item, { ...rule, kind: 'integer' }, isForm))
  const wrong = outcomes.find((outcome) => 'fault' in outcome)
  return wrong ?? { value: outcomes.map((outcome) => ('value' in outcome ? outcome.value : undefined)) }
}

function checkRecord(value: unknown, rule: FieldRule, isForm: boolean, previous: unknown): Outcome {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'expected a record' }
  const sent = { values: value as Readonly<Record<string, unknown>>, isForm }
  const before = typeof previous === 'object' && previous !== null ? { ...previous } : undefined
  const { values, faults } = checkFields(rule.fields ?? {}, sent, before)
  return Object.keys(faults).length === 0 ? { value: values } : { fault: faults }
}

function checkBoolean(value: unknown, isForm: boolean): Outcome {
  if (typeof value === 'boolean') return { value }
  if (isForm && (value === 'true' || value === 'false')) return { value: value === 'true' }
  return { fault: 'expected a boolean' }
}

function checkReference(value: unknown): Outcome {
  if (typeof value !== 'object' || value === null) return { fault: 'expected a record' }
  const { id, name, username } = value as Readonly<Record<string, unknown>>
  const key = [id, name, username].find((one) => typeof one === 'string' && one !== '')
  return key === undefined ? { fault: 'missing primary key' } : { value: { id: key } }
}

function checkField(value: unknown, rule: FieldRule, isForm: boolean, before: unknown): Outcome {
  if (value === null || (isForm && value === '')) {
    return rule.isRequired === true ? { fault: 'required field missing' } : { value: null }
  }
  switch (rule.kind) {
    case 'text': {
      if (typeof value !== 'string') return { fault: 'expected a string' }
      const fault = textFault(value, rule)
      return fault === undefined ? { value } : { fault }
    }
    case 'integer':
    case 'number':
      return checkNumber(value, rule, isForm)
    case 'boolean':
      return checkBoolean(value, isForm)
    case 'texts':
      return checkTexts(value, rule, isForm)
    case 'integers':
      return checkIntegers(value, rule, isForm)
    case 'reference':
      return checkReference(value)
    case 'record':
      return checkRecord(value, rule, isForm, before)
    default:
      return rule.kind satisfies never
  }
}

function checkOne(value: unknown, rule: FieldRule, isForm: boolean, before: unknown): Outcome {
  const outcome = checkField(value, rule, isForm, before)
  if (rule.isFixed !== true || 'fault' in outcome || outcome.value === null) return outcome
  const isSame = JSON.stringify(outcome.value) === JSON.stringify(rule.fallback)
  return isSame ? outcome : { fault: 'this value is not supported by this gateway' }
}

function fallbackOf(rule: FieldRule): unknown {
  return rule.kind === 'record' ? checkFields(rule.fields ?? {}, { values: {}, isForm: false }).values : rule.fallback
}

/** Checks all sent fields; with `previous` (a PATCH) what was not sent stays, without it takes the default. */
export function checkFields(
  rules: FieldRules,
  sent: SentFields,
  previous?: Readonly<Record<string, unknown>>,
): CheckedFields {
  const faults: Record<string, unknown> = Object.create(null) // names are the client's, `__proto__` too
  const values: Record<string, unknown> = {}
  for (const field of Object.keys(sent.values)) if (!Object.hasOwn(rules, field)) faults[field] = 'unknown field'
  for (const [field, rule] of Object.entries(rules)) {
    const before = previous?.[field] ?? fallbackOf(rule) ?? null
    const given = Object.hasOwn(sent.values, field) ? sent.values[field] : undefined
    if (given === undefined) {
      if (rule.isRequired === true && before === null) faults[field] = 'required field missing'
      values[field] = before
      continue
    }
    const outcome = checkOne(given, rule, sent.isForm, previous?.[field])
    if ('fault' in outcome) faults[field] = outcome.fault
    else
      values[field] =
        outcome.value ?? (previous === undefined || rule.kind === 'record' ? (fallbackOf(rule) ?? null) : null)
  }
  return { values, faults }
}
