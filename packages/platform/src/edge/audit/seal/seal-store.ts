// SQL of sealing: the state with its lease, events whose turn has come, and their seals.
import { AppError } from '@xinglin/core/errors'
import type { Queryable, Tx } from '../../../kernel/sql.ts'

/** How far sealing came. */
export interface SealState {
  readonly trail: string
  readonly size: number
  readonly chain: Buffer
  readonly frontier: Buffer
  readonly afterTxid: string
  readonly afterId: number
}

/** An event to be sealed. */
export interface RipeEvent {
  readonly id: number
  readonly txid: string
  readonly recordedUs: number
  readonly commitment: Buffer
}

/** Where the seals of one pass start, and their columns. */
export interface NewSeals {
  readonly firstSeq: number
  readonly eventIds: readonly number[]
  /** 32 bytes each, one after the other. */
  readonly commitments: Buffer
  readonly chains: Buffer
  /** Nodes of all, one after the other; `nodeCounts` says how many each seal has. */
  readonly nodes: Buffer
  readonly nodeCounts: readonly number[]
}

/** What a look at the trail finds. */
export interface Look {
  /** Whether this holder may do the work. */
  readonly isFree: boolean
  /** Whether its lease wants renewal. */
  readonly isRenewalDue: boolean
  readonly hasEvents: boolean
  /** Every event of a transaction below this one is final. */
  readonly watermark: string
}

/** How long a silent sealer keeps the work to itself. */
export const leaseSeconds = 10

const stateColumns = 'trail, size, chain, frontier, after_txid::text AS "afterTxid", after_id AS "afterId"'

// The seals are looked up as well: after a restore the transaction ids of sealed events may come by again.
const isRipe = `txid < pg_snapshot_xmin(pg_current_snapshot())
                AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)`

/** Looks whether there is work; `seenTo` is the watermark below which an earlier look found nothing. */
export async function lookForWork(sql: Queryable, holder: string, seenTo: string): Promise<Look> {
  const [look] = await sql.query<Look>({
    name: 'audit.look',
    text: `SELECT (holder IS NULL OR holder = $1 OR lease_until < now()) AS "isFree",
                  (holder IS DISTINCT FROM $1 OR lease_until < now() + make_interval(secs => $2 / 2.0)) AS "isRenewalDue",
                  EXISTS (SELECT FROM audit.event e
                          WHERE (txid, id) > (after_txid, after_id) AND txid >= $3::xid8 AND ${isRipe}) AS "hasEvents",
                  pg_snapshot_xmin(pg_current_snapshot())::text AS watermark
           FROM audit.state`,
    values: [holder, leaseSeconds, seenTo],
  })
  return look ?? stateIsGone()
}

/** Takes or renews the lease and locks the state; undefined when another holder has it. */
export async function lease(tx: Tx, holder: string): Promise<SealState | undefined> {
  const [state] = await tx.query<SealState>({
    name: 'audit.lease',
    text: `UPDATE audit.state SET holder = $1, lease_until = now() + make_interval(secs => $2)
           WHERE holder IS NULL OR holder = $1 OR lease_until < now() RETURNING ${stateColumns}`,
    values: [holder, leaseSeconds],
  })
  return state
}

/** Gives the lease back. */
export async function release(sql: Queryable, holder: string): Promise<void> {
  await sql.query({
    text: "UPDATE audit.state SET holder = NULL, lease_until = '-infinity' WHERE holder = $1",
    values: [holder],
  })
}

/** The next events in the order of their transactions, all of them final: below the xmin of the same snapshot. */
export async function ripeEvents(tx: Tx, state: SealState, limit: number): Promise<readonly RipeEvent[]> {
  return tx.query<RipeEvent>({
    name: 'audit.ripe',
    text: `SELECT id, txid::text, (extract(epoch FROM recorded) * 1000000)::bigint AS "recordedUs",
                  coalesce(sha256(uuid_send(salt) || convert_to(payload, 'UTF8')), decode(repeat('00', 32), 'hex'))
                    AS commitment
           FROM audit.event e
           WHERE (txid, id) > ($1::xid8, $2::bigint) AND ${isRipe}
           ORDER BY e.txid, e.id LIMIT $3`,
    values: [state.afterTxid, state.afterId, limit],
  })
}

/** Writes the seals. */
export async function insertSeals(tx: Tx, seals: NewSeals): Promise<void> {
  await tx.query({
    name: 'audit.seal',
    text: `INSERT INTO audit.seal (seq, event_id, commitment, chain, nodes)
           SELECT $1::bigint + place - 1, event_id, substr($3::bytea, (place::int - 1) * 32 + 1, 32),
                  substr($4::bytea, (place::int - 1) * 32 + 1, 32), substr($5::bytea, starts * 32 + 1, counts * 32)
           FROM ROWS FROM (unnest($2::bigint[]), unnest($6::int[]), unnest($7::int[]))
             WITH ORDINALITY AS row (event_id, counts, starts, place)`,
    values: [
      seals.firstSeq,
      seals.eventIds,
      seals.commitments,
      seals.chains,
      seals.nodes,
      seals.nodeCounts,
      startsOf(seals.nodeCounts),
    ],
  })
}

function startsOf(counts: readonly number[]): readonly number[] {
  let sum = 0
  return counts.map((count) => {
    sum += count
    return sum - count
  })
}

/** Writes how far sealing came. */
export async function advance(tx: Tx, state: Omit<SealState, 'trail'>): Promise<void> {
  await tx.query({
    name: 'audit.advance',
    text: 'UPDATE audit.state SET size = $1, chain = $2, frontier = $3, after_txid = $4::xid8, after_id = $5',
    values: [state.size, state.chain, state.frontier, state.afterTxid, state.afterId],
  })
}

/** Reads how far sealing came. */
export async function readState(sql: Queryable): Promise<SealState> {
  const [state] = await sql.query<SealState>({
    name: 'audit.state',
    text: `SELECT ${stateColumns} FROM audit.state`,
  })
  return state ?? stateIsGone()
}

/** The state, locked until the end of the transaction. */
export async function lockState(tx: Tx): Promise<SealState> {
  const [state] = await tx.query<SealState>({ text: `SELECT ${stateColumns} FROM audit.state FOR UPDATE` })
  return state ?? stateIsGone()
}

function stateIsGone(): never {
  throw new AppError('unavailable', 'The audit trail has no state row; it was deleted from outside')
}
