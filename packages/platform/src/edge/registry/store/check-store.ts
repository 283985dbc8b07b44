// SQL of what checks find out: results, heartbeats, time that ran out.
import type { Sql } from '../../../kernel/sql.ts'
import type { Probe, Status } from '../definitions/check.ts'
import { readChecks } from './catalog-store.ts'
import { type Change, changeRegistry } from './changes.ts'
import { deregisterService, touchChecks } from './registrations.ts'
import { destroySessionsOfChecks } from './session-store.ts'

/** What a check found. */
export interface CheckResult {
  readonly status: Status
  readonly output: string
}

/** A check that somebody must run. */
export interface ActiveCheck {
  readonly id: string
  readonly status: Status
  /** False until somebody has looked: the first result is worth keeping even when it changes no status. */
  readonly hasResult: boolean
  readonly probe: Extract<Probe, { kind: 'http' | 'tcp' }>
  readonly successesBeforePassing: number
  readonly failuresBeforeCritical: number
}

/** Longest output that is kept. */
export const maxOutputLength = 4096

async function setResult(change: Change, id: string, { status, output }: CheckResult): Promise<void> {
  const [before] = await readChecks(change.tx, { id })
  if (before === undefined) return // it was deregistered in the meantime
  const kept = output.replaceAll('\0', '').slice(0, maxOutputLength)
  const isSame = before.status === status && before.output === kept
  await change.tx.query({
    text: `UPDATE registry.health_check SET status = $2, output = $3, modify_index = $4,
             ttl_until = clock_timestamp() + ttl_ms * interval '1 ms',
             critical_since = CASE WHEN $2 <> 'critical' THEN NULL
                                   ELSE coalesce(critical_since, clock_timestamp()) END
           WHERE id = $1`,
    values: [id, status, kept, isSame ? before.modifyIndex : await change.index()],
  })
  if (isSame) return
  touchChecks(change, [before.serviceName])
  if (status === 'critical') await destroySessionsOfChecks(change, [id])
}

/** Keeps the result of a check; what is as before changes no index. */
export async function recordResult(sql: Sql, id: string, result: CheckResult): Promise<void> {
  await changeRegistry(sql, (change) => setResult(change, id, result))
}

/** Takes a heartbeat of a TTL check: the common one, that all is as before, needs no turn among the changes. */
export async function recordHeartbeat(sql: Sql, id: string, result: CheckResult): Promise<void> {
  const output = result.output.replaceAll('\0', '').slice(0, maxOutputLength)
  const kept = await sql.query({
    name: 'registry.heartbeat',
    text: `UPDATE registry.health_check SET ttl_until = clock_timestamp() + ttl_ms * interval '1 ms'
           WHERE id = $1 AND status = $2 AND output = $3 AND ttl_ms IS NOT NULL RETURNING id`,
    values: [id, result.status, output],
  })
  if (kept.length === 0) await recordResult(sql, id, { status: result.status, output })
}

/** Reads the checks that somebody must run. */
export async function readActiveChecks(sql: Sql): Promise<readonly ActiveCheck[]> {
  const checks = await readChecks(sql)
  return checks.flatMap(({ id, status, output, definition }) => {
    const { probe, successesBeforePassing, failuresBeforeCritical } = definition
    if (probe.kind !== 'http' && probe.kind !== 'tcp') return []
    return [{ id, status, hasResult: output !== '', probe, successesBeforePassing, failuresBeforeCritical }]
  })
}

const ttlOver = "status <> 'critical' AND ttl_until < clock_timestamp()"
const batch = 500

/** Turns TTL checks critical whose time ran out. @returns how many */
export async function expireTtlChecks(sql: Sql): Promise<number> {
  const select = { text: `SELECT id FROM registry.health_check WHERE ${ttlOver} ORDER BY id LIMIT ${batch}` }
  if ((await sql.query(select)).length === 0) return 0
  return changeRegistry(sql, async (change) => {
    const late = await change.tx.query<{ id: string }>(select)
    for (const { id } of late) await setResult(change, id, { status: 'critical', output: 'TTL expired' })
    return late.length
  })
}

/** Takes services away whose check has been critical for longer than they allow. @returns their ids */
export async function deregisterCritical(sql: Sql): Promise<readonly string[]> {
  const select = {
    text: `SELECT DISTINCT service_id AS id FROM registry.health_check
           WHERE service_id IS NOT NULL AND status = 'critical'
             AND critical_since + deregister_after_ms * interval '1 ms' < clock_timestamp()
           ORDER BY service_id LIMIT ${batch}`,
  }
  if ((await sql.query(select)).length === 0) return []
  return changeRegistry(sql, async (change) => {
    const dead = await change.tx.query<{ id: string }>(select)
    for (const { id } of dead) await deregisterService(change, id)
    return dead.map(({ id }) => id)
  })
}
