// SQL of what the OpenID provider keeps: sessions, interactions, codes, grants, refresh tokens; and of launch contexts.
import type { Queryable, Tx } from '../../../kernel/sql.ts'

/** A kept artifact. */
export interface Artifact {
  readonly sealed: Buffer
  readonly consumedAt: Date | undefined
}

/** An artifact to keep. */
export interface NewArtifact {
  readonly model: string
  readonly idHash: Buffer
  readonly sealed: Buffer
  readonly uidHash: Buffer | undefined
  readonly grantId: string | undefined
  readonly account: string | undefined
  readonly client: string | undefined
  readonly expiresInSeconds: number | undefined
}

/** The context of one granted launch. */
export interface Launch {
  readonly grantId: string
  readonly account: string
  readonly client: string
  readonly patient: string | undefined
  readonly scopes: readonly string[]
  readonly createdAt: Date
}

interface ArtifactRow {
  readonly sealed: Buffer
  readonly consumed_at: Date | null
}

interface LaunchRow {
  readonly grant_id: string
  readonly account: string
  readonly client: string
  readonly patient: string | null
  readonly scopes: readonly string[]
  readonly created_at: Date
}

const launchColumns = 'grant_id, account, client, patient, scopes, created_at'
const maxLaunches = 200

const toArtifact = (row: ArtifactRow | undefined): Artifact | undefined =>
  row === undefined ? undefined : { sealed: row.sealed, consumedAt: row.consumed_at ?? undefined }

const toLaunch = (row: LaunchRow): Launch => ({
  grantId: row.grant_id,
  account: row.account,
  client: row.client,
  patient: row.patient ?? undefined,
  scopes: row.scopes,
  createdAt: row.created_at,
})

/** Keeps an artifact; one of the same id is replaced, except where it must be the first. Says whether it was kept. */
export async function putArtifact(sql: Queryable, artifact: NewArtifact, isFirstOnly: boolean): Promise<boolean> {
  const { model, idHash, sealed, uidHash, grantId, account, client, expiresInSeconds } = artifact
  const onConflict = isFirstOnly
    ? 'NOTHING'
    : `UPDATE SET sealed = excluded.sealed, uid_hash = excluded.uid_hash, grant_id = excluded.grant_id,
         account = excluded.account, client = excluded.client, expires_at = excluded.expires_at`
  const rows = await sql.query({
    text: `INSERT INTO identity.artifact (model, id_hash, sealed, uid_hash, grant_id, account, client, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8::float8))
           ON CONFLICT (model, id_hash) DO ${onConflict} RETURNING model`,
    values: [
      model,
      idHash,
      sealed,
      uidHash ?? null,
      grantId ?? null,
      account ?? null,
      client ?? null,
      expiresInSeconds ?? null,
    ],
  })
  return rows.length > 0
}

/** Finds an artifact by the hash of its id. */
export async function findArtifact(sql: Queryable, model: string, idHash: Buffer): Promise<Artifact | undefined> {
  const [row] = await sql.query<ArtifactRow>({
    name: 'identity.artifact',
    text: `SELECT sealed, consumed_at FROM identity.artifact
            WHERE model = $1 AND id_hash = $2 AND (expires_at IS NULL OR expires_at > now())`,
    values: [model, idHash],
  })
  return toArtifact(row)
}

/** Finds a session by the hash of its uid. */
export async function findByUid(sql: Queryable, model: string, uidHash: Buffer): Promise<Artifact | undefined> {
  const [row] = await sql.query<ArtifactRow>({
    text: `SELECT sealed, consumed_at FROM identity.artifact
            WHERE model = $1 AND uid_hash = $2 AND (expires_at IS NULL OR expires_at > now()) LIMIT 1`,
    values: [model, uidHash],
  })
  return toArtifact(row)
}

/** Marks a code or token as used; false when another request was first. */
export async function consumeArtifact(sql: Queryable, model: string, idHash: Buffer): Promise<boolean> {
  const rows = await sql.query({
    text: `UPDATE identity.artifact SET consumed_at = now()
            WHERE model = $1 AND id_hash = $2 AND consumed_at IS NULL RETURNING model`,
    values: [model, idHash],
  })
  return rows.length > 0
}

/** Removes an artifact. */
export async function removeArtifact(sql: Queryable, model: string, idHash: Buffer): Promise<void> {
  await sql.query({ text: 'DELETE FROM identity.artifact WHERE model = $1 AND id_hash = $2', values: [model, idHash] })
}

/** Removes what was given under a grant; consumed tokens too. */
export async function removeOfGrant(sql: Queryable, model: string, grantId: string): Promise<void> {
  await sql.query({
    text: 'DELETE FROM identity.artifact WHERE model = $1 AND grant_id = $2',
    values: [model, grantId],
  })
}

/** Removes everything of an account, a client or a grant: sessions, grants, tokens, launches. */
export async function endArtifacts(tx: Tx, of: 'account' | 'client' | 'grant', id: string): Promise<void> {
  const column = of === 'grant' ? 'grant_id' : of
  await tx.query({ text: `DELETE FROM identity.artifact WHERE ${column} = $1`, values: [id] })
  await tx.query({ text: `DELETE FROM identity.launch WHERE ${column} = $1`, values: [id] })
}

/** Notes what was granted. */
export async function putLaunch(
  sql: Queryable,
  launch: Omit<Launch, 'createdAt'>,
  expiresInSeconds: number,
): Promise<void> {
  const { grantId, account, client, patient, scopes } = launch
  await sql.query({
    text: `INSERT INTO identity.launch (grant_id, account, client, patient, scopes, expires_at)
           VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6::float8))`,
    values: [grantId, account, client, patient ?? null, scopes, expiresInSeconds],
  })
}

/** The context of a grant. */
export async function findLaunch(sql: Queryable, grantId: string): Promise<Launch | undefined> {
  const [row] = await sql.query<LaunchRow>({
    name: 'identity.launch',
    text: `SELECT ${launchColumns} FROM identity.launch WHERE grant_id = $1`,
    values: [grantId],
  })
  return row === undefined ? undefined : toLaunch(row)
}

/** What an account has granted, newest first. */
export async function launchesOf(sql: Queryable, account: string): Promise<readonly Launch[]> {
  const rows = await sql.query<LaunchRow>({
    text: `SELECT ${launchColumns} FROM identity.launch WHERE account = $1 AND expires_at > now()
            ORDER BY created_at DESC, grant_id LIMIT ${maxLaunches}`,
    values: [account],
  })
  return rows.map(toLaunch)
}

/** Removes what is over. */
export async function pruneArtifacts(sql: Queryable): Promise<void> {
  await sql.query({ text: 'DELETE FROM identity.artifact WHERE expires_at < now()' })
  await sql.query({ text: 'DELETE FROM identity.launch WHERE expires_at < now()' })
}
