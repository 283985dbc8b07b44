// Carries out the GET and HEAD entries of a Bundle, in its transaction or on their own.
import { AppError } from '@xinglin/core/errors'
import { parseSearch } from '@xinglin/core/fhir/search'
import type { Sql } from '../../kernel/sql.ts'
import { parseHistory } from '../history-query.ts'
import type { RecordParts } from '../parts.ts'
import { historyPage, readRecord, readRecordVersion } from '../reads.ts'
import type { RecordContext, StoredVersion } from '../types.ts'
import { etagOf, names } from '../write/precondition.ts'
import type { LooseEntry } from './plan.ts'
import type { EntryAnswer } from './response.ts'

/** A read that was carried out, and what the audit trail is told of it. */
export interface ReadOutcome {
  readonly answer: EntryAnswer
  readonly interaction: string
  readonly entities: readonly string[]
  readonly patients: readonly string[]
}

/** Reads what the entry asks for; throws AppError. */
export async function readEntryTarget(
  entry: LooseEntry,
  context: RecordContext,
  parts: RecordParts,
  sql: Sql,
): Promise<ReadOutcome> {
  const [path = '', query = ''] = splitOnce(entry.url, '?')
  const [type = '', id, marker, version, ...rest] = path.split('/')
  if (rest.length > 0 || !parts.types.has(type)) throw unsupported(entry)
  if (id === undefined) return await searchEntry(entry, { type, query }, context, parts.searchOn(sql))
  if (marker === undefined) return recordOutcome('read', await readRecord(sql, context, type, id), entry)
  if (marker !== '_history') throw unsupported(entry)
  if (version !== undefined) {
    return recordOutcome('vread', await readRecordVersion(sql, context, { type, id, version }), entry)
  }
  const parameters = parseHistory([...new URLSearchParams(query)])
  const page = await historyPage(sql, parts, context, { scope: { type, id }, path, parameters })
  const answer = { status: 200, body: page.bundle }
  return { answer, interaction: 'history-instance', entities: [`${type}/${id}`], patients: page.patients }
}

async function searchEntry(
  entry: LooseEntry,
  asked: { readonly type: string; readonly query: string },
  context: RecordContext,
  side: ReturnType<RecordParts['searchOn']>,
): Promise<ReadOutcome> {
  const { type, query } = asked
  const parameters = [...new URLSearchParams(query)]
  const parsed = parseSearch({ types: [type], parameters, lenient: false, baseUrl: context.baseUrl })
  const call = { access: context.access.read, baseUrl: context.baseUrl, selfUrl: `${context.baseUrl}/${type}` }
  const found = await side.search(parsed, call)
  return {
    answer: { status: 200, body: found.bundle },
    interaction: 'search-type',
    entities: [entry.url],
    patients: found.patients,
  }
}

function recordOutcome(
  interaction: 'read' | 'vread',
  found: StoredVersion & { readonly content: string },
  entry: LooseEntry,
): ReadOutcome {
  const { type, id, version, at, patients, content } = found
  const isKnown = entry.ifNoneMatch !== undefined && names(entry.ifNoneMatch, version)
  const common = { etag: etagOf(version), lastModified: at.toISOString() }
  const body = isKnown || entry.method === 'HEAD' ? undefined : content
  const answer = { ...common, status: isKnown ? 304 : 200, body }
  return { answer, interaction, entities: [`${type}/${id}/_history/${version}`], patients }
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function unsupported(entry: LooseEntry): AppError {
  const message = `A Bundle reads Type/id, Type/id/_history, Type/id/_history/version and Type?search, not ${entry.url.slice(0, 100)}`
  return new AppError('not-found', message)
}
