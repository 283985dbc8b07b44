// Writes a set of versions with their index rows: one statement for a few, COPY for many.
import type { Tx } from '../../kernel/sql.ts'
import { type IndexBatch, indexBatch, type NumberedRecords } from './index-batch.ts'
import { headTarget, type NewVersion, type VersionBatch, versionBatch, versionTarget } from './version-batch.ts'
import { insertRows, upsertHeads } from './write-rows.ts'

// Above this number of rows COPY's round trips cost less than its arrays (measured by bench/import.ts).
const copyAbove = 600

/** Writes everything; the heads of records that exist must be locked. */
export async function writeVersions(
  tx: Tx,
  versions: readonly NewVersion[],
  sets: readonly NumberedRecords[],
): Promise<void> {
  if (versions.length === 0) return
  const batch = versionBatch(versions)
  const index = indexBatch(sets)
  if (batch.size + index.size <= copyAbove) await insertRows(tx, batch, index)
  else await copyRows(tx, batch, index)
}

async function copyRows(tx: Tx, versions: VersionBatch, index: IndexBatch): Promise<void> {
  const { fresh, known } = versions.split()
  await tx.copyIn(versionTarget, versions.versionRows())
  if (fresh.size > 0) await tx.copyIn(headTarget, fresh.headRows())
  if (known.size > 0) await upsertHeads(tx, known)
  for (const { target, rows } of index.tables()) await tx.copyIn(target, rows)
}
