// SQL of the knowledge: whole versions side by side, one of them active.
import type { Queryable, Sql, Tx } from '../../../kernel/sql.ts'
import { type KnowledgeRow, type KnowledgeRows, type KnowledgeTable, knowledgeTables } from './tables.ts'

/** A version as stored. */
export interface KnowledgeVersion {
  readonly version: number
  readonly checksum: string
  readonly label: string
  readonly origin: 'seed' | 'edit'
  readonly createdBy: string
  readonly createdAt: Date
  readonly isActive: boolean
}

/** A version to be stored. */
export interface NewVersion {
  readonly rows: KnowledgeRows
  readonly checksum: string
  readonly label: string
  readonly origin: 'seed' | 'edit'
  readonly createdBy: string
}

/** Told with the version as payload whenever another one becomes active. */
export const knowledgeChannel = 'xinglin_knowledge'

const maxVersions = 200
const medicineNames: ReadonlySet<string> = new Set(['drug', 'drug_class', 'interaction', 'allergy_group'])
/** The tables that the pharmacy uses. */
export const medicineTables = knowledgeTables.filter(({ name }) => medicineNames.has(name))

// Names come from the list of tables in the code, never from outside.
const namesOf = (table: KnowledgeTable): string => table.columns.map(({ name }) => name).join(', ')

const cell = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)

/** Takes turns with everybody else who changes versions; until the end of the transaction. */
export async function lockVersions(tx: Tx): Promise<void> {
  await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('xinglin.knowledge'))" })
}

/** The version with a checksum. */
export async function versionByChecksum(sql: Queryable, checksum: string): Promise<number | undefined> {
  const rows = await sql.query<{ version: number }>({
    text: 'SELECT version FROM triage.knowledge_version WHERE checksum = $1',
    values: [checksum],
  })
  return rows[0]?.version
}

/** Stores a version; returns its number. */
export async function insertVersion(tx: Tx, fresh: NewVersion): Promise<number> {
  const rows = await tx.query<{ version: number }>({
    text: `INSERT INTO triage.knowledge_version (checksum, label, origin, created_by)
      VALUES ($1, $2, $3, $4) RETURNING version`,
    values: [fresh.checksum, fresh.label, fresh.origin, fresh.createdBy],
  })
  const version = rows[0]?.version
  if (version === undefined) throw new Error('A new version of the knowledge got no number')
  for (const table of knowledgeTables) {
    const own = fresh.rows.get(table.name) ?? []
    const lines = own.map((row) => [version, ...table.columns.map(({ name }) => cell(row[name]))])
    await tx.copyIn(`triage.${table.name} (version, ${namesOf(table)})`, lines)
  }
  return version
}

/** Makes a version the active one, at once for every process. */
export async function activateVersion(tx: Tx, version: number, by: string): Promise<void> {
  await tx.query({
    text: `INSERT INTO triage.active_knowledge (version, activated_by) VALUES ($1, $2)
      ON CONFLICT (only_row) DO UPDATE SET version = $1, activated_by = $2, activated_at = now()`,
    values: [version, by],
  })
  await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [knowledgeChannel, String(version)] })
}

/** The active version and where it came from. */
export async function activeVersion(
  sql: Queryable,
): Promise<{ readonly version: number; readonly origin: 'seed' | 'edit' } | undefined> {
  const rows = await sql.query<{ version: number; origin: 'seed' | 'edit' }>({
    text: `SELECT a.version, v.origin FROM triage.active_knowledge a
      JOIN triage.knowledge_version v ON v.version = a.version`,
  })
  return rows[0]
}

/** The newest versions, newest first. */
export async function listVersions(sql: Queryable): Promise<readonly KnowledgeVersion[]> {
  return sql.query<KnowledgeVersion>({
    text: `SELECT v.version, v.checksum, v.label, v.origin, v.created_by AS "createdBy", v.created_at AS "createdAt",
        (a.version IS NOT NULL) AS "isActive"
      FROM triage.knowledge_version v LEFT JOIN triage.active_knowledge a ON a.version = v.version
      ORDER BY v.version DESC LIMIT $1`,
    values: [maxVersions],
  })
}

async function readTable(sql: Queryable, table: KnowledgeTable, version: number): Promise<readonly KnowledgeRow[]> {
  const rows = await sql.query<Record<string, string | number | null>>({
    text: `SELECT ${namesOf(table)} FROM triage.${table.name} WHERE version = $1 ORDER BY ${table.key.join(', ')}`,
    values: [version],
  })
  return rows.map((row) =>
    Object.fromEntries(table.columns.map(({ name }) => [name, row[name] === null ? '' : String(row[name])])),
  )
}

/** All rows of a version; empty when there is no such version. */
export async function readVersion(
  sql: Sql | Queryable,
  version: number,
  tables: readonly KnowledgeTable[] = knowledgeTables,
): Promise<KnowledgeRows> {
  const read = new Map<string, readonly KnowledgeRow[]>()
  for (const table of tables) read.set(table.name, await readTable(sql, table, version))
  return read
}

/**
 * The rows of the medicine tables of the active version, for the pharmacy; undefined when nothing is active yet, or when it is
 * what comes with Xinglin and can be read from its files.
 */
export async function editedMedicines(sql: Queryable): Promise<KnowledgeRows | undefined> {
  const active = await activeVersion(sql)
  if (active?.origin !== 'edit') return undefined
  return readVersion(sql, active.version, medicineTables)
}
