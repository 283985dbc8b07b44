// The registration form of the patient service: a small JSON surface beside FHIR, mapped to and from a FHIR Patient (pure).
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'

/** A name in the registration form. */
export interface RegistrationName {
  readonly use: string
  readonly family: string
  readonly given: readonly string[]
}

/** A patient in the registration form: snake_case fields, one e-mail address. */
export interface Registration {
  readonly resource_type: 'Patient'
  readonly id: string | null
  readonly active: boolean
  readonly name: readonly RegistrationName[]
  readonly gender: string
  /** `YYYY-MM-DD`, or null for a Patient recorded elsewhere without one. */
  readonly birth_date: string | null
  readonly email: string | null
}

const nameUses = ['usual', 'official', 'temp', 'nickname', 'anonymous', 'old', 'maiden']
const genders = ['male', 'female', 'other', 'unknown']
const fields = ['resource_type', 'id', 'active', 'name', 'gender', 'birth_date', 'email']
// One @, a dotted domain, no spaces; RFC 5321 limits the whole to 254 characters.
const email = /^[^\s@<>()",;:\\[\]]{1,64}@[^\s@.<>()",;:\\[\]]+(\.[^\s@.<>()",;:\\[\]]+)+$/u

type Fields = Readonly<Record<string, unknown>>

function fault(field: string, diagnostics: string): Issue {
  return { severity: 'error', code: 'value', expression: field, diagnostics: `${field}: ${diagnostics}` }
}

function isText(value: unknown, maxLength = 200): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength
}

function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCalendarDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}

function nameFaults(value: unknown, at: string): readonly Issue[] {
  if (!isPlainObject(value)) return [fault(at, 'must be an object with use, family and given')]
  const unknown = Object.keys(value).filter((key) => !['use', 'family', 'given'].includes(key))
  const given = value.given
  const isGivenList = Array.isArray(given) && given.length <= 10 && given.every((part) => isText(part))
  return [
    ...unknown.map((key) => fault(`${at}.${key}`, 'is not a field of a name; use, family and given are')),
    ...(nameUses.includes(String(value.use)) ? [] : [fault(`${at}.use`, `must be one of ${nameUses.join(', ')}`)]),
    ...(isText(value.family) ? [] : [fault(`${at}.family`, 'must be a text of 1 to 200 characters')]),
    ...(isGivenList ? [] : [fault(`${at}.given`, 'must be a list of at most 10 texts')]),
  ]
}

function birthDateFaults(value: unknown, today: string): readonly Issue[] {
  if (typeof value !== 'string' || !isCalendarDate(value))
    return [fault('birth_date', 'must be a calendar date such as 1990-01-01')]
  if (value > today) return [fault('birth_date', 'lies in the future')]
  return []
}

function faultsOf(form: Fields, today: string): readonly Issue[] {
  const names = form.name
  return [
    ...Object.keys(form)
      .filter((key) => !fields.includes(key))
      .map((key) => fault(key, `is not a field of the form; ${fields.join(', ')} are`)),
    ...(form.resource_type === undefined || form.resource_type === 'Patient'
      ? []
      : [fault('resource_type', 'must be "Patient"')]),
    ...(form.id === undefined || form.id === null ? [] : [fault('id', 'is given by the server: leave it out')]),
    ...(form.active === undefined || typeof form.active === 'boolean'
      ? []
      : [fault('active', 'must be true or false')]),
    ...(Array.isArray(names) && names.length > 0 && names.length <= 10
      ? names.flatMap((name, index) => nameFaults(name, `name[${index}]`))
      : [fault('name', 'must be a list of 1 to 10 names')]),
    ...(genders.includes(String(form.gender)) ? [] : [fault('gender', `must be one of ${genders.join(', ')}`)]),
    ...birthDateFaults(form.birth_date, today),
    ...(isText(form.email, 254) && email.test(form.email)
      ? []
      : [fault('email', 'must be an e-mail address such as zhangsan@example.com')]),
  ]
}

/**
 * Reads a registration form into a FHIR Patient without id.
 * @param today the date up to which people are born, `YYYY-MM-DD`
 * @throws AppError `unprocessable` naming every faulty field at once
 */
export function patientFromRegistration(form: unknown, today: string): Resource {
  if (!isPlainObject(form))
    throw new AppError('unprocessable', 'The body must be a JSON object with name, gender, birth_date and email')
  const issues = faultsOf(form, today)
  if (issues.length > 0)
    throw new AppError('unprocessable', issues.map((issue) => issue.diagnostics).join('; '), { issues })
  const names = form.name as readonly RegistrationName[]
  return {
    resourceType: 'Patient',
    active: form.active ?? true,
    name: names.map(({ use, family, given }) => ({ use, family, ...(given.length > 0 ? { given } : {}) })),
    telecom: [{ system: 'email', value: form.email }],
    gender: form.gender,
    birthDate: form.birth_date,
  }
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isPlainObject) : []
}

/** Shows a FHIR Patient in the registration form; what the form has no place for is left out. */
export function registrationFromPatient(patient: Resource): Registration {
  const address = list(patient.telecom).find((each) => each.system === 'email')?.value
  return {
    resource_type: 'Patient',
    id: patient.id ?? null,
    active: patient.active !== false,
    name: list(patient.name).map((name) => ({
      use: typeof name.use === 'string' ? name.use : 'usual',
      family: typeof name.family === 'string' ? name.family : typeof name.text === 'string' ? name.text : '',
      given: Array.isArray(name.given) ? name.given.filter((part) => typeof part === 'string') : [],
    })),
    gender: typeof patient.gender === 'string' ? patient.gender : 'unknown',
    birth_date: typeof patient.birthDate === 'string' ? patient.birthDate : null,
    email: typeof address === 'string' ? address : null,
  }
}
