// What the audit trail costs: an access recorded at 16 clients, sealing, verification. On an embedded PostgreSQL that syncs
// to disk. Prints JSON. Usage: node bench/audit.ts [accesses, default 60000]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSigningKeys } from '../packages/platform/src/edge/audit/checkpoints/signing-key.ts'
import { audit, createTrail, verifyTrail } from '../packages/platform/src/edge/audit/index.ts'
import { createSealer } from '../packages/platform/src/edge/audit/seal/sealer.ts'
import { connectPostgres, startEmbeddedPostgres } from '../packages/platform/src/engines/postgres/index.ts'
import { systemClock } from '../packages/platform/src/kernel/clock.ts'
import { createIds } from '../packages/platform/src/kernel/ids.ts'
import { migrate } from '../packages/platform/src/kernel/migrations.ts'
import type { AuditEntry } from '../packages/platform/src/kernel/ports.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'

interface Measured {
  readonly seconds: number
  readonly perSecond: number
  /** CPU microseconds for one event. */
  readonly cpuUs: { readonly node: number; readonly postgres: number }
}

const accesses = Number(process.argv[2] ?? 60_000)
const clients = 16
const ids = createIds(systemClock)
const folder = mkdtempSync(join(tmpdir(), 'xinglin-bench-'))
const server = await startEmbeddedPostgres({ dataFolder: folder, log: silentLogger })
const sql = connectPostgres({ url: server.url, poolSize: 8, log: silentLogger, statementTimeoutMs: 300_000 })
await migrate(sql, [audit.sql])
const trail = createTrail({ sql, log: silentLogger, clock: systemClock })
const sealer = createSealer({
  ...{ sql, log: silentLogger, clock: systemClock, folder: join(folder, 'audit') },
  keys: await openSigningKeys(join(folder, 'audit')),
  holder: ids.uuid(),
  everyMs: 300,
  checkpointEveryMs: 10_000,
})

const patients = Array.from({ length: 5000 }, () => ids.uuid())

function access(number: number): AuditEntry {
  const patient = patients[(number * 7919) % patients.length] ?? ''
  return {
    caller: {
      subject: `clinician-${number % 50}`,
      name: 'Dr. Chen Jing',
      roles: ['clinician'],
      scopes: [],
      purpose: 'TREAT',
      actor: `Practitioner/clinician-${number % 50}`,
      address: '10.0.0.7',
    },
    action: 'R',
    interaction: 'read',
    outcome: 'success',
    status: 200,
    entities: [`Patient/${patient}`],
    patients: [patient],
    traceId: ids.uuid().replaceAll('-', ''),
  }
}

// CPU seconds of the server and its children (Linux); those that ended count through the server.
function serverCpuSeconds(): number {
  try {
    const children = execFileSync('ps', ['--ppid', String(server.pid), '-o', 'pid='], { encoding: 'utf8' })
    return [String(server.pid), ...children.split('\n')].reduce((sum, pid) => sum + cpuSeconds(pid.trim()), 0)
  } catch {
    return Number.NaN // no ps here
  }
}

function cpuSeconds(pid: string): number {
  if (pid === '') return 0
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    const isServer = pid === String(server.pid)
    return (isServer ? [11, 12, 13, 14] : [11, 12]).reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / 100
  } catch {
    return 0 // ended meanwhile
  }
}

async function measure(events: number, work: () => Promise<unknown>): Promise<Measured> {
  const [nodeBefore, serverBefore, startedAt] = [process.cpuUsage(), serverCpuSeconds(), performance.now()]
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  const node = process.cpuUsage(nodeBefore)
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    seconds: round(seconds),
    perSecond: Math.round(events / seconds),
    cpuUs: {
      node: round((node.user + node.system) / events),
      postgres: round(((serverCpuSeconds() - serverBefore) * 1e6) / events),
    },
  }
}

const latencies: number[] = []

async function recordAll(count: number): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < count) {
        const startedAt = performance.now()
        await trail.record(access(next++))
        latencies.push(performance.now() - startedAt)
      }
    }),
  )
}

async function bytesPerEvent(): Promise<number> {
  const [row] = await sql.query<{ bytes: number }>({
    text: `SELECT (pg_total_relation_size('audit.event') + pg_total_relation_size('audit.seal')) / greatest(1, (SELECT count(*) FROM audit.event)) AS bytes`,
  })
  return row?.bytes ?? Number.NaN
}

const percentile = (share: number): number =>
  Math.round((latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * share)] ?? 0) * 100) / 100

await recordAll(2000)
latencies.length = 0
const recording = await measure(accesses, () => recordAll(accesses))
const recordMs = { p50: percentile(0.5), p99: percentile(0.99) }
const sealing = await measure(accesses + 2000, () => sealer.sealNow())
sealer.start()
latencies.length = 0
const recordingAndSealing = await measure(accesses, () => recordAll(accesses))
await sealer.close()
const report = { ok: false, sealed: 0 }
const verification = await measure(2 * accesses + 2000, async () => {
  Object.assign(report, await verifyTrail({ sql, folder: join(folder, 'audit') }))
})
const result = {
  bench: 'audit',
  cores: availableParallelism(),
  clients,
  accesses,
  recording: { ...recording, ms: recordMs },
  recordingAndSealing: { ...recordingAndSealing, ms: { p50: percentile(0.5), p99: percentile(0.99) } },
  sealing,
  verification: { ...verification, ok: report.ok, sealed: report.sealed },
  bytesPerEvent: await bytesPerEvent(),
}
await trail.close()
await sql.close()
await server.stop()
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
