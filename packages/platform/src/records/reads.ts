// Reading: the current version, a version, and histories.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { Queryable } from '../kernel/sql.ts'
import { recordRead, recordRefusal } from './audited.ts'
import { idPattern } from './bundle/entry.ts'
import { writeHistory } from './history.ts'
import { type HistoryParameters, parseHistory } from './history-query.ts'
import type { RecordParts } from './parts.ts'
import { readHistory } from './store/history-store.ts'
import { readCurrent, readVersion } from './store/read-store.ts'
import type { RecordContext, StoredVersion } from './types.ts'

/** Which history is asked for: of a record, a type or everything. */
export interface HistoryScope {
  readonly type?: string
  readonly id?: string
}

/** Name and value pairs of a query. */
export type QueryPairs = readonly (readonly [string, string])[]

const unknownRecord = (key: string) => new AppError('not-found', `${key} is not known here`)

/** The current version. Throws `not-found`, or `deleted` for a caller who could have seen it. */
export async function readRecord(
  sql: Queryable,
  context: RecordContext,
  type: string,
  id: string,
): Promise<StoredVersion & { readonly content: string }> {
  const key = `${type.slice(0, 64)}/${id.slice(0, 64)}`
  const found = idPattern.test(id) ? await readCurrent(sql, type, id, context.access.read) : undefined
  return presentVersion(found, key)
}

/** One version. Throws `not-found`, or `deleted` when that version is a deletion. */
export async function readRecordVersion(
  sql: Queryable,
  context: RecordContext,
  address: { readonly type: string; readonly id: string; readonly version: string },
): Promise<StoredVersion & { readonly content: string }> {
  const { type, id, version } = address
  const key = `${type.slice(0, 64)}/${id.slice(0, 64)}/_history/${version.slice(0, 64)}`
  const isNumber = /^[1-9]\d{0,8}$/.test(version) && idPattern.test(id)
  const found = isNumber
    ? await readVersion(sql, { type, id, version: Number(version) }, context.access.read)
    : undefined
  return presentVersion(found, key)
}

function presentVersion(found: StoredVersion | undefined, key: string): StoredVersion & { readonly content: string } {
  if (found === undefined) throw unknownRecord(key)
  const { content } = found
  if (content === undefined) throw new AppError('deleted', `${key} was deleted; its history is still there`)
  return { ...found, content }
}

/** Reads and leaves the audit entry. */
export async function auditedRead(
  parts: RecordParts,
  context: RecordContext,
  access: { readonly interaction: 'read' | 'vread'; readonly entity: string },
  read: () => Promise<StoredVersion & { readonly content: string }>,
): Promise<StoredVersion & { readonly content: string }> {
  const common = { action: 'R', interaction: access.interaction } as const
  const found = await recordRefusal(parts.audit, context, { ...common, entities: [access.entity] }, read)
  const { type, id, version, patients } = found
  await recordRead(parts.audit, context, { ...common, entities: [`${type}/${id}/_history/${version}`], patients })
  return found
}

/** A page of a history as Bundle text, audited. */
export async function auditedHistory(
  parts: RecordParts,
  context: RecordContext,
  scope: HistoryScope,
  pairs: QueryPairs,
): Promise<string> {
  const level = scope.id !== undefined ? 'instance' : scope.type !== undefined ? 'type' : 'system'
  const path = [scope.type, scope.id, '_history'].filter((part) => part !== undefined).join('/')
  const query = pairs.map(([name, value]) => `${name}=${value}`).join('&')
  const access = { action: 'R', interaction: `history-${level}`, query: `${path}?${query}` } as const
  const page = await recordRefusal(parts.audit, context, access, () =>
    historyPage(parts.sql, parts, context, { scope, path, parameters: parseHistory(pairs) }),
  )
  await recordRead(parts.audit, context, { ...access, patients: page.patients })
  return page.bundle
}

/** A history that is asked for. */
export interface HistoryRequest {
  readonly scope: HistoryScope
  readonly path: string
  readonly parameters: HistoryParameters
}

/** A page of a history as Bundle text. Throws `not-found` for a record without a version that the caller may see. */
export async function historyPage(
  sql: Queryable,
  parts: Pick<RecordParts, 'cursors'>,
  context: RecordContext,
  request: HistoryRequest,
): Promise<{ readonly bundle: string; readonly patients: readonly string[] }> {
  const { scope, path, parameters } = request
  const { since, at, count, cursor } = parameters
  const print = fingerprint(request, context)
  const position = cursor === undefined ? undefined : parts.cursors.read(cursor, print)
  const after = position === undefined ? undefined : { at: new Date(position.keys[0] ?? 0), rid: position.rid }
  const range = { type: scope.type, id: scope.id, since, at, after, count }
  const { versions, hasMore } = await readHistory(sql, range, context.access.read)
  if (versions.length === 0 && scope.id !== undefined && after === undefined) await requireKnown(sql, context, range)
  const last = versions.at(-1)
  const base = `${context.baseUrl}/${path}`
  const kept = [
    ...(since === undefined ? [] : [`_since=${since.toISOString()}`]),
    ...(at === undefined ? [] : [`_at=${at.from.toISOString()}`]),
    `_count=${count}`,
  ]
  const next =
    hasMore && last !== undefined
      ? parts.cursors.write({ keys: [last.at.toISOString()], rid: last.rid }, print)
      : undefined
  const links = [
    { relation: 'self', url: `${base}?${[...kept, ...(cursor === undefined ? [] : [`_cursor=${cursor}`])].join('&')}` },
    ...(next === undefined ? [] : [{ relation: 'next', url: `${base}?${[...kept, `_cursor=${next}`].join('&')}` }]),
  ]
  const bundle = writeHistory({ baseUrl: context.baseUrl, versions, links })
  return { bundle, patients: [...new Set(versions.flatMap((version) => version.patients))].slice(0, 100) }
}

async function requireKnown(
  sql: Queryable,
  context: RecordContext,
  range: { type: string | undefined; id: string | undefined },
): Promise<void> {
  const { type = '', id = '' } = range
  const known = await readCurrent(sql, type, id, context.access.read)
  if (known === undefined) throw unknownRecord(`${type}/${id}`)
}

function fingerprint(request: HistoryRequest, context: RecordContext): string {
  const { path, parameters } = request
  const { since, at } = parameters
  const bound = JSON.stringify([path, since ?? null, at?.from ?? null, context.access.read])
  return createHash('sha256').update(bound).digest('base64url')
}
