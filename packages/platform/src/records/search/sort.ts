// The order of a result as SQL: key expressions, the condition for what comes after a position, and where they are served by an index.
import { AppError } from '@xinglin/core/errors'
import type { SearchParameter, SearchQuery, SortKey } from '@xinglin/core/fhir/search'
import type { Binder } from './binder.ts'
import type { Position } from './cursor.ts'
import type { SearchKnowledge } from './knowledge.ts'
import { contentPaths } from './sort-paths.ts'

/** One key of the order. Rows without a value come last in both directions. */
export interface OrderKey {
  readonly expression: string
  /** PostgreSQL type of the expression, to bring a position's text back. */
  readonly cast: 'text' | 'timestamptz' | 'double precision'
  readonly descending: boolean
  readonly mayLack: boolean
  /** True for keys that are columns of the driving index; `clinical` and `updated` can come straight out of it. */
  readonly column: 'clinical' | 'updated' | 'id' | undefined
}

/** The columns that the driving index orders by: those of the token index where it drives, else those of the resource. */
export interface DrivingColumns {
  readonly clinical: 'r.dt' | 't.dt'
  readonly rid: 'r.rid' | 't.rid'
  /** The order without `_sort`. */
  readonly natural: 'clinical' | 'updated'
}

/** What the order is made with. */
export interface OrderContext {
  readonly columns: DrivingColumns
  readonly binder: Binder
  readonly knowledge: SearchKnowledge
}

/** The keys of a query's order; without `_sort` the natural order of its driver. */
export function orderOf(query: SearchQuery, context: OrderContext): readonly OrderKey[] {
  if (query.sort.length === 0) return [columnKey(context.columns.natural, true, context)]
  return query.sort.map((key) => orderKey(query, key, context))
}

function columnKey(column: 'clinical' | 'updated' | 'id', descending: boolean, { columns }: OrderContext): OrderKey {
  if (column === 'id') return { expression: 'r.id COLLATE "C"', cast: 'text', descending, mayLack: false, column }
  if (column === 'updated') return { expression: 'r.at', cast: 'timestamptz', descending, mayLack: false, column }
  // Newest first, -infinity (no date) is last by itself; oldest first needs it turned into null.
  return descending
    ? { expression: columns.clinical, cast: 'timestamptz', descending, mayLack: false, column }
    : {
        expression: `nullif(${columns.clinical}, '-infinity')`,
        cast: 'timestamptz',
        descending,
        mayLack: true,
        column: undefined,
      }
}

function orderKey(query: SearchQuery, key: SortKey, context: OrderContext): OrderKey {
  const { parameter, descending } = key
  if (parameter === '_id') return columnKey('id', descending, context)
  if (parameter === '_lastUpdated') return columnKey('updated', descending, context)
  const type = query.types[0]
  if (query.types.length === 1 && type !== undefined && context.knowledge.clinicalDate(type) === parameter.code) {
    return columnKey('clinical', descending, context)
  }
  if (query.types.length !== 1)
    throw unsortable(parameter, 'a search over several types can be sorted by _id and _lastUpdated only')
  return indexedKey(parameter, descending, context)
}

function indexedKey(parameter: SearchParameter, descending: boolean, { binder, knowledge }: OrderContext): OrderKey {
  const pick = descending ? 'max' : 'min'
  const p = () => binder.bind(knowledge.parameterHash(parameter), 'bigint')
  const from = (table: string, value: string) =>
    `(SELECT ${pick}(${value}) FROM records.${table} k WHERE k.rid = r.rid AND k.p = ${p()})`
  const base = { descending, mayLack: true, column: undefined } as const
  switch (parameter.type) {
    case 'string':
      return { ...base, expression: from('string_index', 'k.v'), cast: 'text' }
    case 'date':
      return { ...base, expression: from('date_index', 'k.lo'), cast: 'timestamptz' }
    case 'number':
    case 'quantity':
      return { ...base, expression: from('number_index', 'k.lo / 2 + k.hi / 2'), cast: 'double precision' }
    case 'reference':
      return { ...base, expression: from('reference_index', `k.type || '/' || k.id`), cast: 'text' }
    case 'token':
    case 'uri':
      return { ...base, expression: contentKey(parameter, pick, binder), cast: 'text' }
    default:
      throw unsortable(parameter, `a ${parameter.type} parameter has no order`)
  }
}

// Codes are kept as hashes, so their order comes from the content.
function contentKey(parameter: SearchParameter, pick: string, binder: Binder): string {
  const values = contentPaths(parameter.paths).map(
    (path) => `SELECT jsonb_path_query(w.content::jsonb, ${binder.bind(path, 'jsonpath')}) #>> '{}' AS k`,
  )
  return `(SELECT ${pick}(u.k COLLATE "C") FROM records.version w, LATERAL (${values.join(' UNION ALL ')}) u WHERE w.rid = r.rid)`
}

function unsortable(parameter: SearchParameter, why: string): AppError {
  return new AppError('unknown-parameter', `_sort by ${parameter.code} is not supported: ${why}.`)
}

/** True when the keys are exactly what an index that ends in (column desc, rid desc) gives. */
export function isNaturalOrder(keys: readonly OrderKey[], column: 'clinical' | 'updated'): boolean {
  const [first, ...rest] = keys
  return rest.length === 0 && first !== undefined && first.column === column && first.descending
}

/** The ORDER BY over columns `k1 … kn` and `rid`; ties fall to the newest row. */
export function orderBy(keys: readonly OrderKey[], column: (index: number) => string, rid: string): string {
  const parts = keys.map((key, index) => `${column(index)}${key.descending ? ' DESC' : ''}${nulls(key)}`)
  return [...parts, `${rid} DESC`].join(', ')
}

function nulls(key: OrderKey): string {
  return key.mayLack && key.descending ? ' NULLS LAST' : ''
}

/** The condition that a row comes after the position. */
export function after(keys: readonly OrderKey[], position: Position, { binder, columns }: OrderContext): string {
  const rid = binder.bind(position.rid, 'bigint')
  const [only] = keys
  if (keys.length === 1 && only?.descending && !only.mayLack) {
    return `(${only.expression}, ${columns.rid}) < (${binder.bind(position.keys[0], only.cast)}, ${rid})`
  }
  const alternatives: string[] = []
  const equal: string[] = []
  keys.forEach((key, index) => {
    const value = position.keys[index] ?? null
    if (value !== null) alternatives.push([...equal, beyond(key, value, binder)].join(' AND '))
    equal.push(value === null ? `${key.expression} IS NULL` : `${key.expression} = ${binder.bind(value, key.cast)}`)
  })
  alternatives.push([...equal, `${columns.rid} < ${rid}`].join(' AND '))
  return alternatives.map((alternative) => `(${alternative})`).join(' OR ')
}

function beyond(key: OrderKey, value: string, binder: Binder): string {
  const comparison = `${key.expression} ${key.descending ? '<' : '>'} ${binder.bind(value, key.cast)}`
  return key.mayLack ? `(${comparison} OR ${key.expression} IS NULL)` : comparison
}
