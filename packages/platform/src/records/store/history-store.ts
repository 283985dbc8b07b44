// SQL of histories: newest first, filtered by what the caller may see of each version.
import type { Queryable, Statement } from '../../kernel/sql.ts'
import type { AccessFilter, StoredVersion } from '../types.ts'
import { accessValues, visibleTo } from './access-sql.ts'
import { type Bounded, boundedContent, maxPageBytes, rowsOfPage } from './page-bytes.ts'
import { toVersion, type VersionRow, versionHead } from './read-store.ts'

/** Which versions are asked for. */
export interface HistoryRange {
  readonly type: string | undefined
  readonly id: string | undefined
  /** Only versions at or after this time. */
  readonly since: Date | undefined
  /** Only versions that were current at some time of [from, to). */
  readonly at: { readonly from: Date; readonly to: Date } | undefined
  /** Only versions that come after this one in the order of the pages. */
  readonly after: { readonly at: Date; readonly rid: number } | undefined
  /** At most so many. */
  readonly count: number
}

/** The versions of a page, newest first, and whether there are more. */
export async function readHistory(
  sql: Queryable,
  range: HistoryRange,
  access: AccessFilter,
): Promise<{ readonly versions: readonly StoredVersion[]; readonly hasMore: boolean }> {
  const rows = await sql.query<VersionRow & Bounded>(statement(range, access))
  const shown = rowsOfPage(rows, range.count)
  return { versions: shown.map(toVersion), hasMore: rows.length > shown.length }
}

function statement(range: HistoryRange, access: AccessFilter): Statement {
  const values: unknown[] = [...accessValues(access, range.type)]
  const conditions = [visibleTo('v', 1)]
  // A record that was moved or labelled since hides all of its past: the caller must see it as it is now, too.
  const isPartial = access.patients !== 'all' || access.hiddenLabels.length > 0 || access.restrictedAs !== undefined
  const now = isPartial ? 'JOIN records.resource r ON r.type = v.type AND r.id = v.id' : ''
  if (isPartial) conditions.push(visibleTo('r', 1))
  const bind = (value: unknown): string => {
    values.push(value)
    return `$${values.length}`
  }
  if (range.type !== undefined) conditions.push(`v.type = ${bind(range.type)}`)
  if (range.id !== undefined) conditions.push(`v.id = ${bind(range.id)}`)
  if (range.since !== undefined) conditions.push(`v.at >= ${bind(range.since)}::timestamptz`)
  if (range.after !== undefined) {
    conditions.push(`(v.at, v.rid) < (${bind(range.after.at)}::timestamptz, ${bind(range.after.rid)}::bigint)`)
  }
  if (range.at !== undefined) {
    conditions.push(`v.at < ${bind(range.at.to)}::timestamptz AND NOT EXISTS (SELECT 1 FROM records.version n
      WHERE n.type = v.type AND n.id = v.id AND n.ver = v.ver + 1 AND n.at <= ${bind(range.at.from)}::timestamptz)`)
  }
  // One record's versions are in the order of their numbers; their times never go backwards.
  const order = 'v.at DESC, v.rid DESC'
  const rids = `SELECT v.rid FROM records.version v ${now} WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}
    ORDER BY ${order} LIMIT ${bind(range.count + 1)}`
  const text = `SELECT ${versionHead}, ${boundedContent(order, maxPageBytes)}
    FROM records.version v WHERE v.rid IN (${rids}) ORDER BY ${order}`
  return { text, values }
}
