// Federations in PostgreSQL: the federation itself, its lease, its sites.
import type { Queryable, Tx } from '../../kernel/sql.ts'
import type { Federation, FederationState, Plan, Site, StoredStandardisation } from './federation.ts'

const columns = `id, name, plan, state, reason, standardisation, best_round AS "bestRound", best_value AS "bestValue",
  registered, created_by AS "createdBy", created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt"`

/** A federation that is about to be stored. */
export interface NewFederation {
  readonly id: string
  readonly name: string
  readonly plan: Plan
  readonly createdBy: string
  readonly createdAt: Date
}

/** Stores a new federation. */
export async function insertFederation(tx: Tx, federation: NewFederation): Promise<void> {
  const { id, name, plan, createdBy, createdAt } = federation
  await tx.query({
    text: `INSERT INTO federated.federation (id, name, plan, state, created_by, created_at)
           VALUES ($1, $2, $3, 'created', $4, $5)`,
    values: [id, name, JSON.stringify(plan), createdBy, createdAt],
  })
}

/** One federation; locked against others' changes when `isLocked`. */
export async function readFederation(sql: Queryable, id: string, isLocked = false): Promise<Federation | undefined> {
  const [row] = await sql.query<Federation>({
    text: `SELECT ${columns} FROM federated.federation WHERE id = $1${isLocked ? ' FOR UPDATE' : ''}`,
    values: [id],
  })
  return row
}

/** A page of federations, newest first; `before` is the id of the last one of the page before. */
export function listFederations(
  sql: Queryable,
  page: { readonly count: number; readonly before?: string | undefined },
): Promise<readonly Federation[]> {
  return sql.query<Federation>({
    text: `SELECT ${columns} FROM federated.federation f
           WHERE $2::uuid IS NULL
              OR (created_at, id) < (SELECT created_at, id FROM federated.federation WHERE id = $2)
           ORDER BY created_at DESC, id DESC LIMIT $1`,
    values: [page.count, page.before ?? null],
  })
}

/** Moves a federation to another state. */
export async function setState(
  tx: Tx,
  id: string,
  change: { readonly state: FederationState; readonly at: Date; readonly reason?: string },
): Promise<void> {
  await tx.query({
    text: `UPDATE federated.federation SET state = $2, reason = $4,
             started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, $3) ELSE started_at END,
             ended_at = CASE WHEN $2 = 'running' THEN NULL ELSE $3 END,
             lease_until = CASE WHEN $2 = 'running' THEN lease_until ELSE '-infinity' END
           WHERE id = $1`,
    values: [id, change.state, change.at, change.reason ?? null],
  })
}

/** Takes, or keeps, the lease on running federations that nobody else holds; returns the ids held. */
export async function holdLeases(sql: Queryable, holder: string, leaseMs: number): Promise<readonly string[]> {
  const rows = await sql.query<{ id: string }>({
    name: 'federated.lease',
    text: `UPDATE federated.federation SET holder = $1, lease_until = now() + $2 * interval '1 ms'
           WHERE state = 'running' AND (holder = $1 OR lease_until < now()) RETURNING id`,
    values: [holder, leaseMs],
  })
  return rows.map(({ id }) => id)
}

/** Gives back all leases of a process that stops. */
export async function releaseLeases(sql: Queryable, holder: string): Promise<void> {
  await sql.query({
    text: `UPDATE federated.federation SET lease_until = '-infinity' WHERE holder = $1 AND state = 'running'`,
    values: [holder],
  })
}

/** Keeps what the sites' sums came to. */
export async function setStandardisation(tx: Tx, id: string, pooled: StoredStandardisation): Promise<void> {
  await tx.query({
    text: 'UPDATE federated.federation SET standardisation = $2 WHERE id = $1',
    values: [id, JSON.stringify(pooled)],
  })
}

/** Notes the best round so far. */
export async function setBest(tx: Tx, id: string, best: { readonly round: number; readonly value: number | null }) {
  await tx.query({
    text: 'UPDATE federated.federation SET best_round = $2, best_value = $3 WHERE id = $1',
    values: [id, best.round, best.value],
  })
}

/** Notes where the model went. */
export async function setRegistered(tx: Tx, id: string, model: string): Promise<void> {
  await tx.query({ text: 'UPDATE federated.federation SET registered = $2 WHERE id = $1', values: [id, model] })
}

const siteColumns = `name, token_hash IS NOT NULL AS "hasToken", is_recognisable AS "isRecognisable",
  is_connected AS "isConnected", bytes_sent AS "bytesSent", bytes_received AS "bytesReceived",
  joined_at AS "joinedAt", left_at AS "leftAt"`

/** The sites of a federation by name; at most 1,000. */
export function listSites(sql: Queryable, id: string): Promise<readonly Site[]> {
  return sql.query<Site>({
    text: `SELECT ${siteColumns} FROM federated.site WHERE federation = $1 ORDER BY name LIMIT 1000`,
    values: [id],
  })
}

/** Adds a site that will join with a token; false when the name is taken. */
export async function insertSite(
  tx: Tx,
  site: { readonly federation: string; readonly name: string; readonly tokenHash: Uint8Array },
): Promise<boolean> {
  const rows = await tx.query({
    text: `INSERT INTO federated.site (federation, name, token_hash, is_recognisable) VALUES ($1, $2, $3, true)
           ON CONFLICT DO NOTHING RETURNING name`,
    values: [site.federation, site.name, site.tokenHash],
  })
  return rows.length > 0
}

/** Whose token that is, with the state of its federation. */
export async function findByToken(
  sql: Queryable,
  tokenHash: Uint8Array,
): Promise<{ readonly federation: string; readonly name: string; readonly state: FederationState } | undefined> {
  const [row] = await sql.query<{ federation: string; name: string; state: FederationState }>({
    text: `SELECT s.federation, s.name, f.state FROM federated.site s JOIN federated.federation f ON f.id = s.federation
           WHERE token_hash = $1`,
    values: [tokenHash],
  })
  return row
}

/** Notes that a site came or went; a site without a token is added when it comes. */
export async function setConnected(
  tx: Tx,
  site: { readonly federation: string; readonly name: string; readonly isRecognisable: boolean },
  change: { readonly isConnected: boolean; readonly at: Date },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO federated.site AS s (federation, name, is_recognisable, is_connected, joined_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (federation, name) DO UPDATE SET is_connected = $4,
             joined_at = CASE WHEN $4 THEN $5 ELSE s.joined_at END, left_at = CASE WHEN $4 THEN NULL ELSE $5 END`,
    values: [site.federation, site.name, site.isRecognisable, change.isConnected, change.at],
  })
}

/** Nobody is connected to a process that has just begun to run a federation. */
export async function disconnectAll(tx: Tx, id: string, at: Date): Promise<void> {
  await tx.query({
    text: 'UPDATE federated.site SET is_connected = false, left_at = $2 WHERE federation = $1 AND is_connected',
    values: [id, at],
  })
}

/** Adds to what went to a site and came from it. */
export async function addBytes(
  tx: Tx,
  site: { readonly federation: string; readonly name: string },
  bytes: { readonly sent: number; readonly received: number },
): Promise<void> {
  await tx.query({
    text: `UPDATE federated.site SET bytes_sent = bytes_sent + $3, bytes_received = bytes_received + $4
           WHERE federation = $1 AND name = $2`,
    values: [site.federation, site.name, bytes.sent, bytes.received],
  })
}
