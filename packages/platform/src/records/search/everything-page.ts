// Runs Patient/$everything: a page of the compartment with the shared resources that it refers to.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { Queryable } from '../../kernel/sql.ts'
import { type Bounded, rowsOfPage } from '../store/page-bytes.ts'
import { visible } from './access.ts'
import { createBinder } from './binder.ts'
import { searchUrl, writeSearchset } from './bundle.ts'
import { limitOf, pageSize, type SearchAnswer, type SearchCall, type SearchEngine } from './engine.ts'
import { compileEverything, type EverythingRequest, sharedOf } from './everything.ts'
import type { FoundRow } from './includes.ts'
import { withinTime } from './time-limit.ts'

/** Types outside every compartment that come along when they are referred to. */
const sharedTypes = [
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'Medication',
  'HealthcareService',
  'Substance',
  'Device',
]

/** What is asked for, with the page and what the links repeat. */
export interface EverythingQuery extends EverythingRequest {
  readonly count?: number | undefined
  readonly cursor?: string | undefined
  readonly understood: readonly (readonly [string, string])[]
}

type Row = FoundRow & Bounded & { readonly c1: string }

/** One page; throws `not-found` when the patient is not there for the caller. */
export async function everythingPage(
  engine: SearchEngine,
  request: EverythingQuery,
  call: SearchCall,
): Promise<SearchAnswer> {
  const size = pageSize(request.count)
  const fingerprint = fingerprintOf(request, call)
  const position = request.cursor === undefined ? undefined : engine.cursors.read(request.cursor, fingerprint)
  const { access } = call
  const found = await withinTime(limitOf(engine, call), async (sql) => {
    if (request.patient !== undefined) await requirePatient(sql, request.patient, call)
    const rows = await sql.query<Row>(compileEverything(request, { access, limit: size + 1, position }))
    const matches = rowsOfPage(rows, size)
    return {
      matches,
      hasMore: rows.length > matches.length,
      shared: await sharedOf(sql, matches, access, sharedTypesAsked(request)),
    }
  })
  const last = found.matches.at(-1)
  const next =
    found.hasMore && last !== undefined
      ? engine.cursors.write({ keys: [last.c1], rid: last.rid }, fingerprint)
      : undefined
  const query = asQuery(request)
  const self = {
    relation: 'self',
    url: searchUrl(call.selfUrl, query, request.cursor === undefined ? {} : { _cursor: request.cursor }),
  }
  const links =
    next === undefined ? [self] : [self, { relation: 'next', url: searchUrl(call.selfUrl, query, { _cursor: next }) }]
  const total = next === undefined && position === undefined ? found.matches.length : undefined
  return {
    bundle: writeSearchset({
      baseUrl: call.baseUrl,
      query,
      matches: found.matches,
      included: found.shared,
      total,
      links,
      issues: [],
    }),
    count: found.matches.length,
    patients: [...new Set(found.matches.flatMap((row) => row.pat ?? []))].slice(0, 100),
  }
}

async function requirePatient(sql: Queryable, id: string, call: SearchCall): Promise<void> {
  const binder = createBinder()
  const where = `r.type = 'Patient' AND r.id = ${binder.bind(id, 'text')} AND ${visible('r', call.access, binder)}`
  const rows = await sql.query({ text: `SELECT r.rid FROM records.resource r WHERE ${where}`, values: binder.values })
  if (rows.length === 0) throw new AppError('not-found', `There is no Patient/${id.slice(0, 64)} that you may see.`)
}

function sharedTypesAsked(request: EverythingRequest): readonly string[] {
  return request.types.length === 0 ? sharedTypes : sharedTypes.filter((type) => request.types.includes(type))
}

function fingerprintOf(request: EverythingQuery, call: SearchCall): string {
  const { patient, types, sinceMs, startMs, endMs } = request
  const text = JSON.stringify(['$everything', patient, types, sinceMs, startMs, endMs, call.access])
  return createHash('sha256').update(text).digest('base64url')
}

function asQuery(request: EverythingQuery): SearchQuery {
  return {
    types: [],
    criteria: [],
    sort: [],
    total: 'none',
    summary: 'false',
    elements: [],
    includes: [],
    ignored: [],
    understood: request.understood,
  }
}
