// Decides conditions (If-None-Exist, Type?criteria) inside the transaction, one writer per condition at a time.
import { AppError } from '@xinglin/core/errors'
import { parseSearch, type SearchQuery } from '@xinglin/core/fhir/search'
import type { Queryable, Tx } from '../kernel/sql.ts'
import { queryPairs } from './search/query-pairs.ts'
import { lockTexts } from './store/heads.ts'
import type { AccessFilter, RecordContext } from './types.ts'

/** Finds at most `limit` records that match; the search side of the store provides it. */
export type FindMatches = (
  sql: Queryable,
  query: SearchQuery,
  access: AccessFilter,
  limit: number,
) => Promise<readonly { readonly type: string; readonly id: string }[]>

/** A condition on records of one type. */
export interface Condition {
  readonly type: string
  /** Search as in a URL, without the question mark. */
  readonly criteria: string
}

interface ParsedCondition {
  readonly query: SearchQuery
  /** The same for the same criteria in any order, and for all that name one identifier. */
  readonly lock: string
}

// `urn:mrn|7`, `7` and `urn:mrn|7&active=true` may mean one record: whoever names its identifier waits in one line.
function lockOf(type: string, parameters: readonly (readonly [string, string])[]): string {
  const [identifier] = parameters.flatMap(([name, value]) => (name === 'identifier' ? [value] : []))
  if (identifier !== undefined && !/[,\\]/.test(identifier)) {
    return `${type}?identifier=${identifier.slice(identifier.lastIndexOf('|') + 1)}`
  }
  const pairs = parameters.map(([name, value]) => `${name}=${value}`).toSorted()
  return `${type}?${pairs.join('&')}`
}

function parseCondition({ type, criteria }: Condition, baseUrl: string): ParsedCondition {
  const parameters = queryPairs(criteria)
  const query = parseSearch({ types: [type], parameters, lenient: false, baseUrl })
  if (query.criteria.length === 0) {
    throw new AppError(
      'invalid-request',
      `The condition on ${type} names no search parameter, so it would match anything`,
    )
  }
  return { query, lock: lockOf(type, parameters) }
}

/** Locks the conditions until the transaction ends; other transactions with one of them wait. */
export async function lockConditions(tx: Tx, conditions: readonly Condition[], baseUrl: string): Promise<void> {
  await lockTexts(
    tx,
    conditions.map((condition) => parseCondition(condition, baseUrl).lock),
  )
}

/** What a condition is decided with. */
export interface DecideCondition {
  readonly context: RecordContext
  readonly findMatches: FindMatches
  /** `Type/id` of records that count as deleted already. */
  readonly without?: ReadonlySet<string>
}

/** The id of the one match, or undefined. Throws `multiple-matches`. The condition must be locked. */
export async function decideCondition(
  tx: Queryable,
  condition: Condition,
  { context, findMatches, without = new Set() }: DecideCondition,
): Promise<string | undefined> {
  const { query } = parseCondition(condition, context.baseUrl)
  const found = await findMatches(tx, query, context.access.read, 2 + without.size)
  const [first, second] = found.filter((match) => !without.has(`${match.type}/${match.id}`))
  if (second !== undefined) {
    const message = `The condition ${condition.type}?${condition.criteria.slice(0, 200)} matches more than one record; make it narrower`
    throw new AppError('multiple-matches', message)
  }
  return first?.id
}
