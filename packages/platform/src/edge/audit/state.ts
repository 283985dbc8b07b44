// The state of the trail at a glance: how long, its root, what is not sealed yet, and what vouches for it.
import type { Queryable } from '../../kernel/sql.ts'
import { type Checkpoint, parseLine, signedNote } from './checkpoints/checkpoint.ts'
import { readState } from './seal/seal-store.ts'
import { rootOf } from './seal/tree.ts'

/** A checkpoint with its text as a signed note. */
export type ShownCheckpoint = Checkpoint & { readonly note: string }

/** The state of the trail; hashes hex. */
export interface TrailState {
  readonly trail: string
  readonly size: number
  readonly root: string
  readonly chain: string
  readonly unsealed: { readonly count: number; readonly oldest?: string }
  /** Age of the oldest event without a seal. */
  readonly lagMs: number
  readonly checkpoint?: ShownCheckpoint
  /** The last verification through this service. */
  readonly verified?: Verified
}

/** What a verification said, in short. */
export interface Verified {
  readonly at: string
  readonly ok: boolean
  /** How many sealed events it computed again. */
  readonly size: number
}

interface Tail {
  readonly count: number
  readonly oldest: Date | null
  readonly lagMs: number
}

// Counting on would tell nobody more.
const maxCounted = 100_000

function shown(line: string): readonly ShownCheckpoint[] {
  const checkpoint = parseLine(line)
  return checkpoint === undefined ? [] : [{ ...checkpoint, note: signedNote(checkpoint) }]
}

/** Checkpoints, newest first. */
export async function listCheckpoints(
  sql: Queryable,
  { count, before }: { readonly count: number; readonly before?: number },
): Promise<readonly ShownCheckpoint[]> {
  const rows = await sql.query<{ line: string }>({
    text: `SELECT line FROM audit.checkpoint WHERE $1::bigint IS NULL OR number < $1 ORDER BY number DESC LIMIT $2`,
    values: [before ?? null, count],
  })
  return rows.flatMap(({ line }) => shown(line))
}

async function readTail(sql: Queryable): Promise<Tail> {
  const [tail] = await sql.query<Tail>({
    text: `SELECT count(*)::int AS count, min(recorded) AS oldest,
                  coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(recorded)) * 1000), 0)::int AS "lagMs"
           FROM (SELECT e.recorded FROM audit.event e, audit.state st
                 WHERE (e.txid, e.id) > (st.after_txid, st.after_id)
                   AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)
                 ORDER BY e.txid, e.id LIMIT $1) waiting`,
    values: [maxCounted],
  })
  return tail ?? { count: 0, oldest: null, lagMs: 0 }
}

/** Keeps what a verification said. */
export async function noteVerified(sql: Queryable, verified: Verified): Promise<void> {
  await sql.query({ text: 'UPDATE audit.state SET verified = $1', values: [JSON.stringify(verified)] })
}

async function lastVerified(sql: Queryable): Promise<Verified | undefined> {
  const [row] = await sql.query<{ verified: string | null }>({ text: 'SELECT verified FROM audit.state' })
  return row?.verified == null ? undefined : (JSON.parse(row.verified) as Verified) // noteVerified wrote it
}

/** Reads the state. */
export async function trailState(sql: Queryable): Promise<TrailState> {
  const state = await readState(sql)
  const tail = await readTail(sql)
  const [checkpoint] = await listCheckpoints(sql, { count: 1 })
  const verified = await lastVerified(sql)
  return {
    trail: state.trail,
    size: state.size,
    root: Buffer.from(rootOf(state)).toString('hex'),
    chain: state.chain.toString('hex'),
    unsealed: { count: tail.count, ...(tail.oldest === null ? {} : { oldest: tail.oldest.toISOString() }) },
    lagMs: tail.lagMs,
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(verified === undefined ? {} : { verified }),
  }
}
