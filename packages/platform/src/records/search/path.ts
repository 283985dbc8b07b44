// Chooses how a search gets at its rows: rules, not the planner's guess, decide the driving index of the common questions.
import type { Criterion, SearchQuery } from '@xinglin/core/fhir/search'
import type { AccessFilter } from '../types.ts'
import { hashesOf } from './criterion.ts'
import type { SearchKnowledge } from './knowledge.ts'

/** A criterion that finds the rows of a text by its start or as a whole. */
export type StringCriterion = Criterion & { readonly kind: 'string' }

/**
 * The driving access path: one patient's rows, the rows of a few hashes, of a few types, the Patients of a text, or whatever
 * PostgreSQL finds best.
 */
export type Path =
  | { readonly kind: 'patient'; readonly patient: string }
  | { readonly kind: 'token'; readonly hashes: readonly number[]; readonly criterion: Criterion }
  | { readonly kind: 'types'; readonly types: readonly string[] }
  | { readonly kind: 'string'; readonly criterion: StringCriterion }
  | { readonly kind: 'scan' }

const maxDrivingHashes = 8
const maxDrivingTypes = 8

/** The path of a query. Deterministic, because a cursor continues on the same path. */
export function choosePath(query: SearchQuery, access: AccessFilter, knowledge: SearchKnowledge): Path {
  const [type, ...others] = query.types
  if (type === undefined) return { kind: 'scan' }
  if (others.length > 0) {
    return query.types.length > maxDrivingTypes ? { kind: 'scan' } : { kind: 'types', types: query.types }
  }
  if (query.criteria.some((criterion) => criterion.kind === 'id')) return { kind: 'scan' }
  const patient = patientOf(query, access, type, knowledge)
  if (patient !== undefined) return { kind: 'patient', patient }
  const driver = bestDriver(query.criteria)
  return driver ?? (type === 'Patient' ? textDriver(query.criteria) : undefined) ?? { kind: 'scan' }
}

// Of several texts the longest: it is likely to be the rarest.
function textDriver(criteria: readonly Criterion[]): Path | undefined {
  const texts = criteria.filter((criterion) => criterion.kind === 'string').filter(isByStart)
  const [criterion] = texts.toSorted((one, other) => lengthOf(other) - lengthOf(one))
  return criterion === undefined ? undefined : { kind: 'string', criterion }
}

const isByStart = ({ match, values }: StringCriterion): boolean => match !== 'contains' && values.length === 1
const lengthOf = ({ values }: StringCriterion): number => values[0]?.length ?? 0

function patientOf(
  query: SearchQuery,
  access: AccessFilter,
  type: string,
  knowledge: SearchKnowledge,
): string | undefined {
  if (query.compartment?.type === 'Patient') return query.compartment.id
  const asked = query.criteria
    .map((criterion) => patientAsked(criterion, type, knowledge))
    .find((id) => id !== undefined)
  if (asked !== undefined) return asked
  const [only, ...others] = access.patients === 'all' ? [] : access.patients
  const isShared = access.sharedTypes.includes(type)
  return only !== undefined && others.length === 0 && !isShared ? only : undefined
}

// A reference to one patient by a parameter of the compartment: whatever matches lies in that compartment.
function patientAsked(criterion: Criterion, type: string, knowledge: SearchKnowledge): string | undefined {
  if (criterion.kind !== 'reference' || criterion.negated || criterion.values.length !== 1) return undefined
  const [value] = criterion.values
  if (value?.id === undefined || value.identifier !== undefined || value.url !== undefined) return undefined
  const { parameter } = criterion
  const isPatient = value.type === 'Patient' || (value.type === undefined && isOnlyPatient(parameter.targets))
  return isPatient && isInCompartment(type, parameter.code, knowledge) ? value.id : undefined
}

function isOnlyPatient(targets: readonly string[]): boolean {
  return targets.length === 1 && targets[0] === 'Patient'
}

function isInCompartment(type: string, code: string, knowledge: SearchKnowledge): boolean {
  const codes = knowledge.compartment('Patient', type).map((parameter) => parameter.code)
  return codes.includes(code) || (code === 'patient' && codes.includes('subject'))
}

interface Driver {
  readonly kind: 'token'
  readonly hashes: readonly number[]
  readonly criterion: Criterion
}

function bestDriver(criteria: readonly Criterion[]): Driver | undefined {
  const drivers = criteria.flatMap((criterion) => {
    const hashes = drivingHashes(criterion)
    return hashes === undefined ? [] : [{ kind: 'token' as const, hashes, criterion }]
  })
  const rank = (driver: Driver) => selectivityRank(driver.criterion) * 100 + driver.hashes.length
  const best = drivers.toSorted((a, b) => rank(a) - rank(b))[0]
  // A status or gender drives only when nothing else could find fewer rows.
  const isBetterLeft = best !== undefined && isCoarse(best.criterion) && criteria.some(mayBeRare)
  return isBetterLeft ? undefined : best
}

function mayBeRare(criterion: Criterion): boolean {
  return criterion.kind !== 'token' && criterion.kind !== 'reference' && criterion.kind !== 'missing'
}

function drivingHashes(criterion: Criterion): readonly number[] | undefined {
  if (criterion.kind !== 'token' && criterion.kind !== 'reference') return undefined
  if (criterion.negated) return undefined
  const hashes = [...new Set(hashesOf(criterion))]
  return hashes.length > 0 && hashes.length <= maxDrivingHashes ? hashes : undefined
}

const identifying: ReadonlySet<string> = new Set(['identifier', 'email', 'phone', 'telecom', 'url', 'serial-number'])
const coarse: ReadonlySet<string> = new Set([
  'status',
  'gender',
  'active',
  'category',
  'class',
  'intent',
  'type',
  'priority',
  'clinical-status',
  'verification-status',
  'deceased',
])

// Lower is rarer: identifiers, then references, then codes, then the few values of a status or gender.
function selectivityRank(criterion: Criterion): number {
  if (criterion.kind === 'reference') return 1
  if (criterion.kind !== 'token') return 9
  if (identifying.has(criterion.parameter.code)) return 0
  return isCoarse(criterion) ? 3 : 2
}

/** Whether a criterion is a token that a large part of all rows share, such as a status. */
export function isCoarse(criterion: Criterion): boolean {
  if (criterion.kind !== 'token') return false
  return coarse.has(criterion.parameter.code) || criterion.parameter.code.startsWith('_')
}
