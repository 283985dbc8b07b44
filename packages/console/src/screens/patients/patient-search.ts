// From the filters in the address to a FHIR search for patients (pure).
import { type SearchValues, searchPath } from '../../api/search.ts'
import { yearsBefore } from '../../clinical/age.ts'
import { typedSearch } from '../../clinical/typed-search.ts'

/** The filters as they stand in the address. */
export interface PatientFilters {
  readonly q?: string | undefined
  readonly sex?: string | undefined
  readonly age?: string | undefined
  readonly has?: string | undefined
  readonly sort?: string | undefined
}

/** Sexes to choose from, as FHIR codes. */
export const sexes = ['male', 'female', 'other', 'unknown'] as const
/** Age groups to choose from. */
export const ageGroups = ['child', 'young', 'middle', 'old'] as const
/** Orders to choose from; the first is the default. */
export const orders = ['updated', 'name', 'youngest', 'oldest'] as const
/** Diagnoses to choose from, as SNOMED CT codes. */
export const diagnoses = ['38341003', '44054006', '55822004', '195967001', '49436004', '709044004'] as const

/** One of the words of a list, or undefined: what is typed into an address by hand may be anything. */
export function oneOf<const Word extends string>(words: readonly Word[], text: string | undefined): Word | undefined {
  return words.find((word) => word === text)
}

const pageSize = 100
const sortOf = { updated: '-_lastUpdated', name: 'family,given', youngest: '-birthdate', oldest: 'birthdate' } as const
// [youngest, oldest] in completed years; someone is under 18 until the 18th birthday.
const yearsOf = { child: [undefined, 18], young: [18, 40], middle: [40, 65], old: [65, undefined] } as const

function ageSearch(age: string | undefined, today: string): SearchValues {
  const group = oneOf(ageGroups, age)
  if (group === undefined) return []
  const [from, below] = yearsOf[group]
  return [
    ['birthdate', from === undefined ? undefined : `le${yearsBefore(today, from)}`],
    ['birthdate', below === undefined ? undefined : `gt${yearsBefore(today, below)}`],
  ]
}

function conditionsOf(filters: PatientFilters, today: string): SearchValues {
  const diagnosis = oneOf(diagnoses, filters.has)
  return [
    ...typedSearch(filters.q ?? ''),
    ['gender', oneOf(sexes, filters.sex)],
    ...ageSearch(filters.age, today),
    ['_has:Condition:patient:code', diagnosis === undefined ? undefined : `http://snomed.info/sct|${diagnosis}`],
  ]
}

/** Path and query of the list's first page. */
export function patientPath(filters: PatientFilters, today: string): string {
  const sort = sortOf[oneOf(orders, filters.sort) ?? 'updated']
  return searchPath('/fhir/Patient', [...conditionsOf(filters, today), ['_sort', sort], ['_count', pageSize]])
}

/** Path and query of the number of patients that fit. */
export function patientCountPath(filters: PatientFilters, today: string): string {
  return searchPath('/fhir/Patient', [...conditionsOf(filters, today), ['_summary', 'count']])
}

/** Says whether anything narrows the list. */
export function isNarrowed(filters: PatientFilters): boolean {
  return conditionsOf(filters, '2000-01-01').some(([, value]) => value !== undefined)
}
