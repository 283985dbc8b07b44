// Patient/$everything: all records in the compartment of one patient (or of every patient the caller may see), page by page.
import type { Queryable, Statement } from '../../kernel/sql.ts'
import { type Bounded, boundedContent, maxPageBytes, rowsOfPage } from '../store/page-bytes.ts'
import type { AccessFilter } from '../types.ts'
import { visible } from './access.ts'
import { type Binder, createBinder, timestamp } from './binder.ts'
import type { Position } from './cursor.ts'
import type { FoundRow } from './includes.ts'
import { allOf } from './scope.ts'

/** What is asked for. Without `patient`, the compartments of all visible patients. */
export interface EverythingRequest {
  readonly patient?: string | undefined
  /** Only these types; empty means all. */
  readonly types: readonly string[]
  /** Changed at or after, in ms. */
  readonly sinceMs?: number | undefined
  /** Clinical dates [startMs, endMs); records without a date are always in. */
  readonly startMs?: number | undefined
  readonly endMs?: number | undefined
}

/** A page of it. */
export interface EverythingPage {
  readonly access: AccessFilter
  readonly limit: number
  readonly position?: Position | undefined
}

/** Compiles one page; the Patient comes first, the rest in the order in which it was written. */
export function compileEverything(request: EverythingRequest, page: EverythingPage): Statement {
  const binder = createBinder()
  const first = request.patient === undefined ? '0' : `(CASE WHEN r.type = 'Patient' THEN 0 ELSE 1 END)`
  const conditions = [visible('r', page.access, binder), ...filters(request, binder)]
  if (page.position !== undefined) {
    const key = binder.bind(page.position.keys[0], 'integer')
    conditions.push(`(${first}, r.rid) > (${key}, ${binder.bind(page.position.rid, 'bigint')})`)
  }
  const order = request.patient === undefined ? 'r.rid' : 'k1, r.rid'
  const limit = binder.bind(page.limit, 'bigint')
  const rows = `SELECT r.rid, r.type, r.id, r.pat, ${first} AS k1 FROM records.resource r WHERE ${allOf(conditions)} ORDER BY ${order} LIMIT ${limit}`
  const text = `SELECT q.rid, q.type, q.id, q.pat, q.k1::text AS c1, ${boundedContent('q.k1, q.rid', maxPageBytes)} FROM (${rows}) q JOIN records.version v ON v.rid = q.rid ORDER BY q.k1, q.rid`
  return { text, values: binder.values }
}

function filters(request: EverythingRequest, binder: Binder): readonly string[] {
  const conditions: string[] = []
  if (request.patient === undefined) conditions.push('r.pat IS NOT NULL')
  else {
    const patient = binder.bind(request.patient, 'text')
    conditions.push(`r.pat = ${patient} OR r.pats @> ARRAY[${patient}]`)
  }
  if (request.types.length > 0) conditions.push(`r.type = ANY(${binder.bind(request.types, 'text[]')})`)
  const date = (ms: number) => binder.bind(timestamp(ms), 'timestamptz')
  if (request.sinceMs !== undefined) conditions.push(`r.at >= ${date(request.sinceMs)}`)
  if (request.startMs !== undefined)
    conditions.push(`r.dt = '-infinity' OR r.dt >= ${date(request.startMs)} OR r.type = 'Patient'`)
  if (request.endMs !== undefined)
    conditions.push(`r.dt = '-infinity' OR r.dt < ${date(request.endMs)} OR r.type = 'Patient'`)
  return conditions
}

const maxShared = 1000
const rounds = 2

/** The shared resources (outside every compartment) that the rows refer to, and those that these refer to. */
export async function sharedOf(
  sql: Queryable,
  rows: readonly FoundRow[],
  access: AccessFilter,
  sharedTypes: readonly string[],
) {
  const found: FoundRow[] = []
  const seen = new Set(rows.map((row) => row.rid))
  let from: readonly FoundRow[] = rows
  for (let round = 0; round < rounds && from.length > 0 && found.length < maxShared; round += 1) {
    const next = await referredTo(sql, from, access, sharedTypes)
    from = next.filter((row) => !seen.has(row.rid) && seen.add(row.rid))
    found.push(...from)
  }
  return found.slice(0, maxShared)
}

async function referredTo(sql: Queryable, from: readonly FoundRow[], access: AccessFilter, types: readonly string[]) {
  const binder = createBinder()
  const rids = binder.bind(
    from.map((row) => row.rid),
    'bigint[]',
  )
  const links = `SELECT x.type, x.id FROM records.reference_index x WHERE x.rid = ANY(${rids}) AND x.type = ANY(${binder.bind(types, 'text[]')})`
  const where = `(r.type, r.id) IN (${links}) AND ${visible('r', access, binder)}`
  const found = `SELECT r.rid, r.type, r.id, r.pat FROM records.resource r WHERE ${where} ORDER BY r.rid LIMIT ${maxShared}`
  const content = boundedContent('q.rid', maxPageBytes)
  const text = `SELECT q.*, ${content} FROM (${found}) q JOIN records.version v ON v.rid = q.rid ORDER BY q.rid`
  return rowsOfPage(await sql.query<FoundRow & Bounded>({ text, values: binder.values }), maxShared)
}
