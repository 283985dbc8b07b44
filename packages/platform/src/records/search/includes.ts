// Follows `_include` and `_revinclude`: bounded, without duplicates, and only what the caller may see.
import type { Include, SearchParameter } from '@xinglin/core/fhir/search'
import type { Queryable } from '../../kernel/sql.ts'
import { type Bounded, boundedContent, maxPageBytes, rowsOfPage } from '../store/page-bytes.ts'
import type { AccessFilter } from '../types.ts'
import { visible } from './access.ts'
import { type Binder, createBinder } from './binder.ts'
import type { SearchKnowledge } from './knowledge.ts'

/** A resource found by a search: verbatim content with its place in the store. */
export interface FoundRow {
  readonly rid: number
  readonly type: string
  readonly id: string
  /** First Patient compartment, for the audit trail. */
  readonly pat: string | null
  readonly content: string
}

/** What following includes needs. */
export interface IncludeOptions {
  readonly access: AccessFilter
  readonly knowledge: SearchKnowledge
  /** At most so many resources are added. */
  readonly limit: number
}

/** The resources added, and whether the limit cut them. */
export interface Included {
  readonly rows: readonly FoundRow[]
  readonly isCut: boolean
}

const maxRounds = 8

/** Follows the includes from the matches; `:iterate` ones also from what was included, until nothing new is found. */
export async function followIncludes(
  sql: Queryable,
  includes: readonly Include[],
  matches: readonly FoundRow[],
  options: IncludeOptions,
): Promise<Included> {
  const seen = new Set(matches.map((row) => row.rid))
  const added: FoundRow[] = []
  const room = { bytes: maxPageBytes, isCut: false }
  let from = matches
  for (let round = 0; round < maxRounds && from.length > 0 && added.length <= options.limit; round += 1) {
    const active = round === 0 ? includes : includes.filter((include) => include.iterate)
    const found: FoundRow[] = []
    for (const include of active) found.push(...(await follow(sql, include, from, { options, seen, room })))
    from = found
    added.push(...from)
  }
  return { rows: added.slice(0, options.limit), isCut: room.isCut || added.length > options.limit }
}

interface Following {
  readonly options: IncludeOptions
  /** What is in the answer already. */
  readonly seen: Set<number>
  /** What the answer may still hold. */
  readonly room: { bytes: number; isCut: boolean }
}

async function follow(
  sql: Queryable,
  include: Include,
  from: readonly FoundRow[],
  { options, seen, room }: Following,
): Promise<readonly FoundRow[]> {
  const binder = createBinder()
  const hashes = parametersOf(include, options.knowledge).map((parameter) => options.knowledge.parameterHash(parameter))
  if (hashes.length === 0) return []
  const origin = include.reverse ? from : from.filter((row) => row.type === include.source)
  if (origin.length === 0) return []
  const target = include.reverse
    ? referrers(include, origin, hashes, binder)
    : referredTo(include, origin, hashes, binder)
  const where = `${target} AND ${visible('r', options.access, binder)}`
  const limit = binder.bind(options.limit + 1, 'bigint')
  const rows = `SELECT r.rid, r.type, r.id, r.pat FROM records.resource r WHERE ${where} ORDER BY r.rid LIMIT ${limit}`
  const content = boundedContent('q.rid', Math.max(0, room.bytes))
  const text = `SELECT q.*, ${content} FROM (${rows}) q JOIN records.version v ON v.rid = q.rid ORDER BY q.rid`
  const found = await sql.query<FoundRow & Bounded>({ text, values: binder.values })
  const fresh = found.filter((row) => !seen.has(row.rid))
  const shown = rowsOfPage(fresh, fresh.length)
  if (shown.length < fresh.length) room.isCut = true
  for (const row of shown) {
    seen.add(row.rid)
    room.bytes -= row.content.length
  }
  return shown
}

function parametersOf(include: Include, knowledge: SearchKnowledge): readonly SearchParameter[] {
  if (include.parameter !== '*') return [include.parameter]
  return knowledge.parameters(include.source).filter((parameter) => parameter.type === 'reference')
}

function referredTo(include: Include, from: readonly FoundRow[], hashes: readonly number[], binder: Binder): string {
  const rids = binder.bind(
    from.map((row) => row.rid),
    'bigint[]',
  )
  const target = include.target === undefined ? '' : ` AND x.type = ${binder.bind(include.target, 'text')}`
  const links = `SELECT x.type, x.id FROM records.reference_index x WHERE x.rid = ANY(${rids}) AND x.p = ANY(${binder.bind(hashes, 'bigint[]')})${target}`
  return `(r.type, r.id) IN (${links})`
}

function referrers(include: Include, from: readonly FoundRow[], hashes: readonly number[], binder: Binder): string {
  const asked = include.target === undefined ? from : from.filter((row) => row.type === include.target)
  const types = binder.bind(
    asked.map((row) => row.type),
    'text[]',
  )
  const ids = binder.bind(
    asked.map((row) => row.id),
    'text[]',
  )
  const owners = `unnest(${types}, ${ids}) AS o(type, id)`
  const link = `x.p = ANY(${binder.bind(hashes, 'bigint[]')}) AND x.id = o.id AND x.type = o.type`
  return `r.type = ${binder.bind(include.source, 'text')} AND r.rid IN (SELECT x.rid FROM ${owners} JOIN records.reference_index x ON ${link})`
}
