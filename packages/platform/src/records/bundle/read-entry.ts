// Carries out the GET and HEAD entries of a Bundle, in its transaction or on their own.
import { AppError } from '@xinglin/core/errors'
import { parseSearch } from '@xinglin/core/fhir/search'
import type { Sql } from '../../kernel/sql.ts'
import { parseHistory } from '../history-query.ts'
import type { RecordParts } from '../parts.ts'
import { type HistoryScope, historyPage, readRecord, readRecordVersion } from '../reads.ts'
import { compartmentPlace, type SearchPlace, systemPlace, typePlace } from '../search/places.ts'
import { queryPairs } from '../search/query-pairs.ts'
import { readShape, shaped } from '../search/read-shape.ts'
import type { RecordContext, StoredVersion } from '../types.ts'
import { etagOf, isKnown } from '../write/precondition.ts'
import type { LooseEntry } from './plan.ts'
import type { EntryAnswer } from './response.ts'

/** A read that was carried out, and what the audit trail is told of it. */
export interface ReadOutcome {
  readonly answer: EntryAnswer
  readonly interaction: string
  readonly entities: readonly string[]
  readonly patients: readonly string[]
}

interface Asked {
  readonly entry: LooseEntry
  readonly path: string
  readonly pairs: readonly (readonly [string, string])[]
  readonly context: RecordContext
  readonly parts: RecordParts
  readonly sql: Sql
}

/** Reads what the entry asks for; throws AppError. */
export async function readEntryTarget(
  entry: LooseEntry,
  context: RecordContext,
  parts: RecordParts,
  sql: Sql,
): Promise<ReadOutcome> {
  const mark = entry.url.indexOf('?')
  const path = mark < 0 ? entry.url : entry.url.slice(0, mark)
  const pairs = queryPairs(mark < 0 ? '' : entry.url.slice(mark + 1))
  const asked = { entry, path, pairs, context, parts, sql }
  const [type = '', id, marker, version, ...rest] = path.split('/')
  if (path === '') return await search(asked, systemPlace(pairs))
  if (path === '_history') return await history(asked, {})
  if (rest.length > 0 || !parts.types.has(type)) throw unsupported(entry)
  if (id === undefined) return await search(asked, typePlace(type))
  if (id === '_history' && marker === undefined) return await history(asked, { type })
  if (marker === undefined) return record(asked, 'read', await readRecord(sql, context, type, id))
  if (marker === '_history' && version === undefined) return await history(asked, { type, id })
  if (marker === '_history' && version !== undefined) {
    return record(asked, 'vread', await readRecordVersion(sql, context, { type, id, version }))
  }
  if (version !== undefined || marker.startsWith('$')) throw unsupported(entry)
  return await search(asked, compartmentPlace(type, id, marker))
}

async function history(asked: Asked, scope: HistoryScope): Promise<ReadOutcome> {
  const { path, sql, parts, context, entry } = asked
  const page = await historyPage(sql, parts, context, { scope, path, parameters: parseHistory(asked.pairs) })
  const level = scope.id !== undefined ? 'instance' : scope.type !== undefined ? 'type' : 'system'
  const answer = { status: 200, body: bodyOf(entry, page.bundle) }
  return { answer, interaction: `history-${level}`, entities: [path], patients: page.patients }
}

async function search(asked: Asked, place: SearchPlace): Promise<ReadOutcome> {
  const { context, parts, sql, entry } = asked
  const { path, interaction, ...where } = place
  const parameters = asked.pairs.filter(([name]) => interaction !== 'search-system' || name !== '_type')
  const query = parseSearch({ ...where, parameters, lenient: false, baseUrl: context.baseUrl })
  const call = {
    access: context.access.read,
    holder: context.caller.subject,
    baseUrl: context.baseUrl,
    selfUrl: `${context.baseUrl}${path}`,
  }
  const found = await parts.searchOn(sql).search(query, call)
  const answer = { status: 200, body: bodyOf(entry, found.bundle) }
  return { answer, interaction, entities: [entry.url], patients: found.patients }
}

function record(
  asked: Asked,
  interaction: 'read' | 'vread',
  found: StoredVersion & { readonly content: string },
): ReadOutcome {
  const { entry, pairs } = asked
  const { type, id, version, at, patients, content } = found
  const shape = readShape(type, pairs)
  const common = { etag: etagOf(version), lastModified: at.toISOString() }
  const answer = isKnown(entry, found)
    ? { ...common, status: 304 }
    : { ...common, status: 200, body: bodyOf(entry, shaped(content, shape)) }
  return { answer, interaction, entities: [`${type}/${id}/_history/${version}`], patients }
}

function bodyOf(entry: LooseEntry, body: string): string | undefined {
  return entry.method === 'HEAD' ? undefined : body
}

function unsupported(entry: LooseEntry): AppError {
  const message = `A Bundle reads records, versions, histories and searches, not ${entry.url.slice(0, 100)}`
  return new AppError('not-found', message)
}
