// Updates that change nothing: on a client's wish (an import that is run again) they make no version.
import { createHash } from 'node:crypto'
import type { Tx } from '../../kernel/sql.ts'
import { contentOf } from '../prepare/prepare-record.ts'
import type { RecordContext, StoredVersion } from '../types.ts'
import type { Decided } from './changes.ts'

/** The updates whose content is that of the current version, letter for letter, each with this version. */
export type Unmodified = ReadonlyMap<Decided, StoredVersion>

// What the current version would be, had it this content: version and time are part of the text.
function unmodified({ pending, head, record }: Decided): StoredVersion | undefined {
  if (pending.method !== 'PUT' || record === undefined || head === undefined || head.deleted) return undefined
  const { rid, ver: version, at } = head
  const { type, id } = pending
  const content = contentOf(record, version, at)
  return { rid, type, id, version, at, method: 'PUT', content, patients: record.patients }
}

const sumOf = (content = ''): string => createHash('sha256').update(content).digest('hex')

/**
 * Finds them where the client wishes it (X-FHIR-UPDATE-IF-MODIFIED). Contents stay in the database, which compares sums:
 * a Bundle may touch more than a transaction can hold.
 */
export async function unmodifiedOf(
  tx: Tx,
  decided: readonly (Decided | undefined)[],
  { isUpdateIfModified = false }: Pick<RecordContext, 'isUpdateIfModified'>,
): Promise<Unmodified> {
  const candidates = isUpdateIfModified
    ? decided.flatMap((one) => {
        const version = one === undefined ? undefined : unmodified(one)
        return one === undefined || version === undefined ? [] : [[one, version] as const]
      })
    : []
  if (candidates.length === 0) return new Map()
  const versions = candidates.map(([, version]) => version)
  const rows = await tx.query<{ readonly rid: number }>({
    name: 'records_unmodified',
    text: `SELECT v.rid FROM unnest($1::bigint[], $2::text[]) AS k(rid, sum) JOIN records.version v ON v.rid = k.rid
      WHERE encode(sha256(convert_to(v.content, 'UTF8')), 'hex') = k.sum`,
    values: [versions.map(({ rid }) => rid), versions.map(({ content }) => sumOf(content))],
  })
  const same = new Set(rows.map(({ rid }) => rid))
  return new Map(candidates.filter(([, { rid }]) => same.has(rid)))
}
