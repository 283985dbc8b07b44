// The record store itself, with workers and an embedded PostgreSQL that syncs to disk, for bench/import.ts.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import { validateResource } from '@xinglin/core/fhir/validation'
import { connectPostgres, startEmbeddedPostgres } from '../packages/platform/src/engines/postgres/index.ts'
import type { Caller } from '../packages/platform/src/kernel/caller.ts'
import { systemClock } from '../packages/platform/src/kernel/clock.ts'
import { createIds } from '../packages/platform/src/kernel/ids.ts'
import { migrate } from '../packages/platform/src/kernel/migrations.ts'
import { createWorkerPool } from '../packages/platform/src/kernel/workers.ts'
import { accessFor, createRecords } from '../packages/platform/src/records/index.ts'
import { createSearch } from '../packages/platform/src/records/search/search.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'

/** What is imported into. */
export interface ImportTarget {
  send(text: string): Promise<void>
  /** CPU and disk figures; ends everything. */
  report(resources: number): Promise<Readonly<Record<string, unknown>>>
}

const recordsSql = { schema: 'records', folder: new URL('../packages/platform/src/records/sql/', import.meta.url) }
const caller: Caller = { subject: 'bench', name: 'bench', roles: ['system'], scopes: [], purpose: 'TREAT' }

// The audit service has tables of its own; the bench writes a row per entry and event to tables of the same width.
const tables = `CREATE TABLE IF NOT EXISTS bench_audit (id bigserial PRIMARY KEY, entry jsonb NOT NULL);
  CREATE TABLE IF NOT EXISTS bench_outbox (id bigserial PRIMARY KEY, topic text, key text, payload jsonb)`

/** Starts a store in a fresh folder. */
export async function importHere(): Promise<ImportTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-bench-'))
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: silentLogger })
  const sql = connectPostgres({ url: server.url, poolSize: 8, log: silentLogger })
  await migrate(sql, [recordsSql])
  await sql.query({ text: tables })
  const module = new URL('../packages/platform/src/records/prepare.worker.ts', import.meta.url)
  const pool = createWorkerPool<never, never>({
    module,
    size: Math.max(1, Math.min(2, availableParallelism() - 1)),
    memoryMb: 1024,
  })
  const insert = (table: string, columns: string, values: string) =>
    `INSERT INTO ${table} (${columns}) SELECT ${values}`
  const records = createRecords({
    sql,
    audit: {
      append: async (tx, entries) => {
        await tx.query({
          text: insert('bench_audit', 'entry', 'unnest($1::jsonb[])'),
          values: [entries.map((entry) => JSON.stringify(entry))],
        })
      },
      record: async () => undefined,
    },
    events: {
      publish: async (tx, events) => {
        const values = [
          events.map((event) => event.topic),
          events.map((event) => event.key),
          events.map((event) => JSON.stringify(event.payload)),
        ]
        await tx.query({
          text: insert(
            'bench_outbox',
            'topic, key, payload',
            'unnest($1::text[]), unnest($2::text[]), unnest($3::jsonb[])',
          ),
          values,
        })
      },
      subscribe: () => undefined,
    },
    clock: systemClock,
    ids: createIds(systemClock),
    rules: [],
    validate: validateResource,
    cursorKey: 'bench',
    pool: pool as never,
    searchOn: (over) => createSearch({ sql: over, knowledge: searchKnowledge(), cursorKey: 'bench' }),
  })
  const context = {
    caller,
    access: accessFor(caller),
    traceId: '0'.repeat(32),
    deadline: new AbortController().signal,
    baseUrl: 'http://127.0.0.1:8080/fhir',
  }
  const cpuBefore = process.cpuUsage()
  const serverBefore = treeCpuSeconds(server.pid)
  return {
    async send(text) {
      await records.bundle(context, text)
    },
    async report(resources) {
      const cpu = process.cpuUsage(cpuBefore)
      const nodeSeconds = (cpu.user + cpu.system) / 1e6
      const serverSeconds = treeCpuSeconds(server.pid) - serverBefore
      const [size] = await sql.query<{ bytes: number }>({
        text: 'SELECT pg_database_size(current_database()) AS bytes',
      })
      await pool.close()
      await sql.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
      const perThousand = (seconds: number) => Math.round((seconds * 1e6) / resources)
      return {
        cpuMsPer1000: { node: perThousand(nodeSeconds), postgres: perThousand(serverSeconds) },
        databaseMegabytes: Math.round((size?.bytes ?? 0) / 1e6),
      }
    },
  }
}

// CPU of a process and its children (Linux); ended children count through their parent.
function treeCpuSeconds(pid: number): number {
  try {
    const pids = [
      String(pid),
      ...execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' }).split('\n'),
    ]
    return pids.reduce((sum, one) => sum + cpuOf(one.trim()), 0)
  } catch {
    return Number.NaN // no ps here
  }
}

function cpuOf(pid: string): number {
  if (pid === '') return 0
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / 100
  } catch {
    return 0 // ended meanwhile
  }
}
