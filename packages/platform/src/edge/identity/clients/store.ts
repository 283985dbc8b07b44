// SQL of clients.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { Client, Jwk, StoredClient } from './client.ts'

interface ClientRow {
  readonly id: string
  readonly name: string
  readonly kind: Client['kind']
  readonly redirect_uris: readonly string[]
  readonly scopes: readonly string[]
  readonly roles: Client['roles']
  readonly jwks: { readonly keys: readonly Jwk[] } | null
  readonly jwks_uri: string | null
  readonly secret_hash: string | null
  readonly is_first_party: boolean
  readonly is_enabled: boolean
  readonly version: number
  readonly created_at: Date
  readonly changed_at: Date
}

const columns = `id, name, kind, redirect_uris, scopes, roles, jwks, jwks_uri, secret_hash, is_first_party, is_enabled,
  version, created_at, changed_at`

function toClient(row: ClientRow): StoredClient {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    redirectUris: row.redirect_uris,
    scopes: row.scopes,
    roles: row.roles,
    ...(row.jwks === null ? {} : { jwks: row.jwks }),
    ...(row.jwks_uri === null ? {} : { jwksUri: row.jwks_uri }),
    secretHash: row.secret_hash ?? undefined,
    isFirstParty: row.is_first_party,
    isEnabled: row.is_enabled,
    version: row.version,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}

function valuesOf({ id, name, kind, redirectUris, scopes, roles, jwks, jwksUri }: Client): readonly unknown[] {
  const keys = jwks === undefined ? null : JSON.stringify(jwks)
  return [id, name, kind, redirectUris, scopes, roles, keys, jwksUri ?? null]
}

/** Finds a client. */
export async function findClient(sql: Queryable, id: string): Promise<StoredClient | undefined> {
  const [row] = await sql.query<ClientRow>({
    name: 'identity.client',
    text: `SELECT ${columns} FROM identity.client WHERE id = $1`,
    values: [id],
  })
  return row === undefined ? undefined : toClient(row)
}

/** Finds a client and locks it until the transaction ends. */
export async function lockClient(tx: Tx, id: string): Promise<StoredClient | undefined> {
  const [row] = await tx.query<ClientRow>({
    text: `SELECT ${columns} FROM identity.client WHERE id = $1 FOR UPDATE`,
    values: [id],
  })
  return row === undefined ? undefined : toClient(row)
}

/** Clients that were registered by somebody, by id, after one. */
export async function listClients(
  sql: Queryable,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly StoredClient[]> {
  const rows = await sql.query<ClientRow>({
    text: `SELECT ${columns} FROM identity.client WHERE id > $1 AND NOT is_first_party ORDER BY id LIMIT $2`,
    values: [after, limit],
  })
  return rows.map(toClient)
}

/** Adds a client; says whether the id was free. */
export async function insertClient(sql: Queryable, client: Client, secretHash: string | undefined): Promise<boolean> {
  const rows = await sql.query({
    text: `INSERT INTO identity.client (id, name, kind, redirect_uris, scopes, roles, jwks, jwks_uri, secret_hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING RETURNING id`,
    values: [...valuesOf(client), secretHash ?? null],
  })
  return rows.length > 0
}

/** Makes sure of the console's own client, whose address follows the public one. */
export async function putFirstParty(sql: Queryable, client: Client): Promise<void> {
  await sql.query({
    text: `INSERT INTO identity.client (id, name, kind, redirect_uris, scopes, roles, jwks, jwks_uri, is_first_party)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true)
           ON CONFLICT (id) DO UPDATE SET redirect_uris = excluded.redirect_uris, scopes = excluded.scopes
            WHERE client.is_first_party AND client.redirect_uris IS DISTINCT FROM excluded.redirect_uris`,
    values: valuesOf(client),
  })
}

/** Changes a client. */
export async function updateClient(tx: Tx, client: Client, isEnabled: boolean): Promise<StoredClient> {
  const [row] = await tx.query<ClientRow>({
    text: `UPDATE identity.client
              SET name = $2, kind = $3, redirect_uris = $4, scopes = $5, roles = $6, jwks = $7, jwks_uri = $8,
                  is_enabled = $9, version = version + 1, changed_at = now()
            WHERE id = $1 RETURNING ${columns}`,
    values: [...valuesOf(client), isEnabled],
  })
  if (row === undefined) throw new Error('A locked client was not there to be changed')
  return toClient(row)
}

/** Sets the hash of a new secret. */
export async function updateSecret(tx: Tx, id: string, secretHash: string): Promise<void> {
  await tx.query({
    text: 'UPDATE identity.client SET secret_hash = $2, version = version + 1, changed_at = now() WHERE id = $1',
    values: [id, secretHash],
  })
}
