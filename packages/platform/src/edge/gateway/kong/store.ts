// SQL of the defined entities: loaded whole, changed one admin call at a time, told to every gateway by NOTIFY.
import type { Queryable, Sql, Tx } from '../../../kernel/sql.ts'
import { type Entity, type Kind, type KongState, kinds } from './entities.ts'

/** The channel on which gateways hear of changes; its payload is `config` or `session:<hash>`. */
export const gatewayChannel = 'xinglin_gateway'

const maxEntities = 20_000

interface Row {
  readonly kind: Kind
  readonly body: Entity
}

/** Loads everything that is defined, oldest first. */
export async function loadState(sql: Queryable): Promise<KongState> {
  const rows = await sql.query<Row>({
    name: 'gateway.load',
    text: 'SELECT kind, body FROM gateway.entity ORDER BY seq LIMIT $1',
    values: [maxEntities],
  })
  const byKind = Map.groupBy(rows, (row) => row.kind)
  const lists = kinds.map((kind) => [kind, (byKind.get(kind) ?? []).map((row) => row.body)])
  return Object.fromEntries(lists) as unknown as KongState // each body was written under its kind
}

/** How many entities are allowed in all. */
export function isFull(state: KongState): boolean {
  return kinds.reduce((sum, kind) => sum + state[kind].length, 0) >= maxEntities
}

/** Runs `work` alone on the newest state; what it writes is told to all gateways at commit. */
export async function changeState<T>(sql: Sql, work: (tx: Tx, state: KongState) => Promise<T>): Promise<T> {
  return sql.transaction(async (tx) => {
    await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('xinglin.gateway'))" })
    const result = await work(tx, await loadState(tx))
    await tx.query({ text: 'SELECT pg_notify($1, $2)', values: [gatewayChannel, 'config'] })
    return result
  })
}

/** Writes an entity, new or changed. */
export async function putEntity(tx: Tx, kind: Kind, entity: Entity): Promise<void> {
  await tx.query({
    text: `INSERT INTO gateway.entity (kind, id, body) VALUES ($1, $2, $3)
           ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body`,
    values: [kind, entity.id, JSON.stringify(entity)],
  })
}

/** Deletes entities. */
export async function deleteEntities(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.query({ text: 'DELETE FROM gateway.entity WHERE id = ANY($1::uuid[])', values: [ids] })
}
