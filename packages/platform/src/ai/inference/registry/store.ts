// SQL of the model registry.
import { AppError } from '@xinglin/core/errors'
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { Lineage, Metric, ModelVersion, Stage } from './model-version.ts'

/** Channel on which every process hears of models whose production changed. */
export const modelsChannel = 'xinglin_models'

/** What registering stores. */
export type NewVersion = Pick<
  ModelVersion,
  'model' | 'sha256' | 'sizeBytes' | 'artefact' | 'config' | 'card' | 'metrics' | 'lineage' | 'registeredBy'
> & { readonly description: string; readonly stage: Stage }

/** A model in the list. */
export interface ModelSummary {
  readonly name: string
  readonly description: string
  readonly versions: number
  readonly newestVersion: number
  readonly productionVersion: number | undefined
}

/** A change of stage as kept. */
export interface StageChange {
  readonly version: number
  readonly from: Stage
  readonly to: Stage
  readonly reason: string
  readonly by: string
  readonly at: Date
}

interface VersionRow {
  readonly model: string
  readonly version: number
  readonly stage: Stage
  readonly revision: number
  readonly sha256: string
  readonly size_bytes: number
  readonly artefact: string | null
  readonly config: string
  readonly card: string
  readonly metrics: readonly Metric[]
  readonly lineage: Lineage
  readonly registered_by: string
  readonly registered_at: Date
}

const columns =
  'model, version, stage, revision, sha256, size_bytes, artefact, config, card, metrics, lineage, registered_by, registered_at'

function versionOf(row: VersionRow): ModelVersion {
  const { size_bytes: sizeBytes, artefact, registered_by: registeredBy, registered_at: registeredAt, ...rest } = row
  return { ...rest, sizeBytes, artefact: artefact ?? undefined, registeredBy, registeredAt }
}

/** Models in the order of their names, after `after`. */
export async function listModels(sql: Queryable, after: string, limit: number): Promise<readonly ModelSummary[]> {
  const rows = await sql.query<Omit<ModelSummary, 'productionVersion'> & { readonly productionVersion: number | null }>(
    {
      name: 'inference.models',
      text: `SELECT m.name, m.description, count(*)::int AS versions, max(v.version) AS "newestVersion",
             max(v.version) FILTER (WHERE v.stage = 'production') AS "productionVersion"
           FROM inference.model m JOIN inference.model_version v ON v.model = m.name
           WHERE m.name > $1 GROUP BY m.name ORDER BY m.name LIMIT $2`,
      values: [after, limit],
    },
  )
  return rows.map((row) => ({ ...row, productionVersion: row.productionVersion ?? undefined }))
}

/** The description of a model; undefined when it is not registered. */
export async function readDescription(sql: Queryable, model: string): Promise<string | undefined> {
  const [row] = await sql.query<{ description: string }>({
    name: 'inference.description',
    text: 'SELECT description FROM inference.model WHERE name = $1',
    values: [model],
  })
  return row?.description
}

/** Versions of a model, newest first, below `before`. */
export async function listVersions(
  sql: Queryable,
  model: string,
  before: number,
  limit: number,
): Promise<readonly ModelVersion[]> {
  const rows = await sql.query<VersionRow>({
    name: 'inference.versions',
    text: `SELECT ${columns} FROM inference.model_version WHERE model = $1 AND version < $2 ORDER BY version DESC LIMIT $3`,
    values: [model, before, limit],
  })
  return rows.map(versionOf)
}

/** One version. */
export async function readVersion(sql: Queryable, model: string, version: number): Promise<ModelVersion | undefined> {
  const [row] = await sql.query<VersionRow>({
    name: 'inference.version',
    text: `SELECT ${columns} FROM inference.model_version WHERE model = $1 AND version = $2`,
    values: [model, version],
  })
  return row === undefined ? undefined : versionOf(row)
}

/** The version in production. */
export async function readProduction(sql: Queryable, model: string): Promise<ModelVersion | undefined> {
  const [row] = await sql.query<VersionRow>({
    name: 'inference.production',
    text: `SELECT ${columns} FROM inference.model_version WHERE model = $1 AND stage = 'production'`,
    values: [model],
  })
  return row === undefined ? undefined : versionOf(row)
}

/** Names of models whose production version lies in the blobs. */
export async function namesInProduction(sql: Queryable): Promise<readonly string[]> {
  const rows = await sql.query<{ model: string }>({
    name: 'inference.production.names',
    text: `SELECT model FROM inference.model_version WHERE stage = 'production' AND artefact IS NOT NULL
           ORDER BY model LIMIT 1000`,
  })
  return rows.map(({ model }) => model)
}

/** The version of a model with these bytes. */
export async function findByHash(sql: Queryable, model: string, sha256: string): Promise<ModelVersion | undefined> {
  const [row] = await sql.query<VersionRow>({
    name: 'inference.version.by-hash',
    text: `SELECT ${columns} FROM inference.model_version WHERE model = $1 AND sha256 = $2 ORDER BY version LIMIT 1`,
    values: [model, sha256],
  })
  return row === undefined ? undefined : versionOf(row)
}

/** Adds a version under the next number; the model is made with its first. */
export async function insertVersion(tx: Tx, added: NewVersion, number?: number): Promise<ModelVersion> {
  const { model, description, stage, sha256, sizeBytes, artefact, config, card, metrics, lineage, registeredBy } = added
  await tx.query({
    text: `INSERT INTO inference.model (name, description) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET description = CASE WHEN $2 = '' THEN model.description ELSE $2 END`,
    values: [model, description],
  })
  // The row of the model is locked by the statement above: numbers are given one after the other.
  const [row] = await tx.query<VersionRow>({
    text: `INSERT INTO inference.model_version
             (model, version, stage, sha256, size_bytes, artefact, config, card, metrics, lineage, registered_by)
           VALUES ($1, coalesce($2::int, (SELECT coalesce(max(version), 0) + 1 FROM inference.model_version WHERE model = $1)),
             $3, $4, $5, $6, $7, $8, $9, $10, $11)
           RETURNING ${columns}`,
    values: [
      ...[model, number ?? null, stage, sha256, sizeBytes, artefact ?? null, config, card],
      ...[JSON.stringify(metrics), JSON.stringify(lineage), registeredBy],
    ],
  })
  if (row === undefined) throw new Error('An inserted version was not given back')
  return versionOf(row)
}

/** Renews what the release says of a shipped version whose files changed. */
export async function updateShipped(tx: Tx, version: NewVersion, number: number): Promise<void> {
  await tx.query({
    text: `UPDATE inference.model_version SET sha256 = $3, size_bytes = $4, card = $5, metrics = $6, lineage = $7, config = $8
           WHERE model = $1 AND version = $2 AND artefact IS NULL`,
    values: [
      ...[version.model, number, version.sha256, version.sizeBytes, version.card],
      ...[JSON.stringify(version.metrics), JSON.stringify(version.lineage), version.config],
    ],
  })
}

async function setStage(
  tx: Tx,
  version: ModelVersion,
  to: Stage,
  change: { reason: string; by: string },
): Promise<ModelVersion> {
  const [row] = await tx.query<VersionRow>({
    text: `UPDATE inference.model_version SET stage = $4, revision = revision + 1
           WHERE model = $1 AND version = $2 AND revision = $3 RETURNING ${columns}`,
    values: [version.model, version.version, version.revision, to],
  })
  if (row === undefined) {
    throw new AppError(
      'precondition-failed',
      `Version ${version.version} of ${version.model} has changed since it was read`,
    )
  }
  await tx.query({
    text: `INSERT INTO inference.stage_change (model, version, from_stage, to_stage, reason, by_subject)
           VALUES ($1, $2, $3, $4, $5, $6)`,
    values: [version.model, version.version, version.stage, to, change.reason, change.by],
  })
  return versionOf(row)
}

/** Changes the stage; what was in production before is archived, and every process is told. */
export async function changeStage(
  tx: Tx,
  version: ModelVersion,
  to: Stage,
  change: { readonly reason: string; readonly by: string },
): Promise<ModelVersion> {
  // Two changes of one model follow each other.
  await tx.query({ text: 'SELECT 1 FROM inference.model WHERE name = $1 FOR UPDATE', values: [version.model] })
  const before = to === 'production' ? await readProduction(tx, version.model) : undefined
  if (before !== undefined) {
    await setStage(tx, before, 'archived', { ...change, reason: `replaced by version ${version.version}` })
  }
  const changed = await setStage(tx, version, to, change)
  if (to === 'production' || version.stage === 'production') {
    await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [modelsChannel, version.model] })
  }
  return changed
}

/** The newest changes of a model's stages. */
export async function listStageChanges(sql: Queryable, model: string, limit: number): Promise<readonly StageChange[]> {
  return sql.query<StageChange>({
    name: 'inference.stage-changes',
    text: `SELECT version, from_stage AS "from", to_stage AS "to", reason, by_subject AS "by", at
           FROM inference.stage_change WHERE model = $1 ORDER BY id DESC LIMIT $2`,
    values: [model, limit],
  })
}
