// SQL of the lease by which one registry process runs the checks for all.
import type { Sql } from '../../../kernel/sql.ts'

/** Who asks for the lease. */
export interface Candidate {
  readonly holder: string
  /** host:port under which it answers. */
  readonly url: string
  readonly leaseMs: number
}

/** What asking for the lease gave. */
export type Lease =
  | { readonly isHeld: false }
  /** `gapMs`: for how long nobody had it before, also when it was ours. */
  | { readonly isHeld: true; readonly gapMs: number }

interface Row {
  readonly holder: string
  /** Since its end; below zero while it lasts. */
  readonly gapMs: number
}

const select = `SELECT holder, extract(epoch FROM clock_timestamp() - expires_at)::float8 * 1000 AS "gapMs"
                FROM registry.leader`

/** Takes the lease when nobody else has it; renews ours when half of it is over. */
export async function takeLease(sql: Sql, candidate: Candidate): Promise<Lease> {
  const [now] = await sql.query<Row>({ name: 'registry.leader', text: select })
  if (now !== undefined && now.gapMs < 0) {
    if (now.holder !== candidate.holder) return { isHeld: false }
    if (now.gapMs < -candidate.leaseMs / 2) return { isHeld: true, gapMs: 0 }
  }
  return writeLease(sql, candidate)
}

function writeLease(sql: Sql, { holder, url, leaseMs }: Candidate): Promise<Lease> {
  return sql.transaction(async (tx) => {
    const [before] = await tx.query<Row>({ text: `${select} FOR UPDATE` })
    if (before !== undefined && before.holder !== holder && before.gapMs < 0) return { isHeld: false }
    const taken = await tx.query({
      text: `INSERT INTO registry.leader (holder, url, expires_at)
             VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 ms')
             ON CONFLICT (is_only) DO UPDATE SET holder = EXCLUDED.holder, url = EXCLUDED.url,
               expires_at = EXCLUDED.expires_at
             WHERE leader.holder = $1 OR leader.expires_at < clock_timestamp() RETURNING 1`,
      values: [holder, url, leaseMs],
    })
    if (taken.length === 0) return { isHeld: false }
    return { isHeld: true, gapMs: Math.max(0, before?.gapMs ?? 0) }
  })
}

/** Gives the lease back, so that another can lead at once. */
export async function giveLeaseBack(sql: Sql, holder: string): Promise<void> {
  await sql.query({
    text: 'UPDATE registry.leader SET expires_at = clock_timestamp() WHERE holder = $1',
    values: [holder],
  })
}

/** Reads under which address the leader answers; undefined when there is none. */
export async function readLeader(sql: Sql): Promise<string | undefined> {
  const [row] = await sql.query<{ url: string }>({
    text: 'SELECT url FROM registry.leader WHERE expires_at > clock_timestamp()',
  })
  return row?.url
}

/** Starts the clocks of checks and sessions anew: nobody could answer for the time in which nobody led. */
export async function forgiveGap(sql: Sql): Promise<void> {
  await sql.transaction(async (tx) => {
    await tx.query({
      text: `UPDATE registry.health_check
             SET critical_since = CASE WHEN status = 'critical' THEN clock_timestamp() END,
                 ttl_until = clock_timestamp() + ttl_ms * interval '1 ms'`,
    })
    await tx.query({
      text: `UPDATE registry.session SET expires_at = clock_timestamp() + ttl_ms * interval '1 ms'
             WHERE ttl_ms IS NOT NULL`,
    })
  })
}
