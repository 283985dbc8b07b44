// SQL of reading single records and versions.
import type { Queryable } from '../../kernel/sql.ts'
import type { AccessFilter, StoredVersion } from '../types.ts'
import { accessValues, visibleTo } from './access-sql.ts'

/** A row of records.version. */
export interface VersionRow {
  readonly rid: number
  readonly type: string
  readonly id: string
  readonly ver: number
  readonly at: Date
  readonly method: StoredVersion['method']
  readonly pat: string | null
  readonly pats: readonly string[] | null
  readonly content: string | null
}

/** The columns of a {@link VersionRow} but its content, of the table alias `v`. */
export const versionHead = 'v.rid, v.type, v.id, v.ver, v.at, v.method, v.pat, v.pats'
const versionColumns = `${versionHead}, v.content`

/** A row as the rest of the store sees it. */
export function toVersion(row: VersionRow): StoredVersion {
  return {
    rid: row.rid,
    type: row.type,
    id: row.id,
    version: row.ver,
    at: row.at,
    method: row.method,
    content: row.content ?? undefined,
    patients: row.pats ?? (row.pat === null ? [] : [row.pat]),
  }
}

/** The current version, a deletion included, if the caller may see it. */
export async function readCurrent(
  sql: Queryable,
  type: string,
  id: string,
  access: AccessFilter,
): Promise<StoredVersion | undefined> {
  const [row] = await sql.query<VersionRow>({
    name: 'records_read',
    text: `SELECT ${versionColumns} FROM records.resource r JOIN records.version v ON v.rid = r.rid
      WHERE r.type = $1 AND r.id = $2 AND ${visibleTo('r', 3)}`,
    values: [type, id, ...accessValues(access, type)],
  })
  return row === undefined ? undefined : toVersion(row)
}

/** One version, if the caller may see it and the record as it is now. */
export async function readVersion(
  sql: Queryable,
  key: { readonly type: string; readonly id: string; readonly version: number },
  access: AccessFilter,
): Promise<StoredVersion | undefined> {
  const [row] = await sql.query<VersionRow>({
    name: 'records_vread',
    text: `SELECT ${versionColumns} FROM records.version v JOIN records.resource r ON r.type = v.type AND r.id = v.id
      WHERE v.type = $1 AND v.id = $2 AND v.ver = $3 AND ${visibleTo('v', 4)} AND ${visibleTo('r', 4)}`,
    values: [key.type, key.id, key.version, ...accessValues(access, key.type)],
  })
  return row === undefined ? undefined : toVersion(row)
}
