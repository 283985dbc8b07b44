// Numbers what was decided and writes it: old index rows go, versions, heads and new index rows come.
import type { Tx } from '../../kernel/sql.ts'
import type { NumberedRecords } from '../store/index-batch.ts'
import type { Rids } from '../store/rids.ts'
import type { NewVersion } from '../store/version-batch.ts'
import { deleteIndexRows } from '../store/write-rows.ts'
import { writeVersions } from '../store/write-store.ts'
import type { StoredVersion } from '../types.ts'
import type { Decided } from './changes.ts'

/** Writes the decided changes; returns their versions in the same order. */
export async function writeDecided(tx: Tx, made: readonly Decided[], rids: Rids): Promise<readonly StoredVersion[]> {
  const numbers = await rids.take(tx, made.length)
  const versions = made.map((one, at) => newVersion(one, numbers[at] ?? 0))
  await deleteIndexRows(
    tx,
    made.flatMap((one) => (one.head === undefined || one.head.deleted ? [] : [one.head.rid])),
  )
  await writeVersions(tx, versions, numberedSets(made, numbers))
  return versions.map(({ rid, type, id, version, at, method, content, patients }) => ({
    rid,
    type,
    id,
    version,
    at,
    method,
    content: content ?? undefined,
    patients,
  }))
}

function newVersion(one: Decided, rid: number): NewVersion {
  const { pending, head, record, version, at, content } = one
  const { type, id, method, isFresh } = pending
  return {
    rid,
    type,
    id,
    version,
    at,
    method,
    content,
    // A deletion stays where the record was, so that the same callers learn of it.
    patients: record?.patients ?? head?.pats ?? (head?.pat == null ? [] : [head.pat]),
    labels: record?.labels ?? head?.lbl ?? [],
    clinicalDate: record?.clinicalDate ?? null,
    tok: record?.tok ?? '{}',
    isFresh,
  }
}

function numberedSets(made: readonly Decided[], numbers: readonly number[]): readonly NumberedRecords[] {
  const sets = new Map<NumberedRecords['prepared'], (number | undefined)[]>()
  for (const [at, { prepared, ordinal }] of made.entries()) {
    if (prepared === undefined) continue
    const rids = sets.get(prepared) ?? Array.from({ length: prepared.records.length }, () => undefined)
    rids[ordinal] = numbers[at]
    sets.set(prepared, rids)
  }
  return [...sets].map(([prepared, rids]) => ({ prepared, rids }))
}
