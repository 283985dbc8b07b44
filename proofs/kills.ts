// Proof: nothing acknowledged is lost when the server or PostgreSQL is killed (SIGKILL) at random under load.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@xinglin/core/cohort'
import pg from 'pg'
import { missingRecords } from '../packages/platform/src/cli/acknowledged.ts'
import { issueLocalToken, verifyLocalTrail } from '../packages/platform/src/cli/local.ts'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import type { Proof } from './proof.ts'
import { createWriters, type Ledger } from './writers.ts'

/** How hard to try. */
export interface KillOptions {
  readonly kills: number
  readonly writers: number
  readonly seed: number
  /** True switches synchronous_commit off in PostgreSQL: the proof must then find losses. */
  readonly unsafe?: boolean
  readonly onProgress?: (line: string) => void
}

/** What was seen. */
export interface KillReport {
  readonly kills: number
  readonly killsOfServer: number
  readonly killsOfPostgres: number
  readonly acknowledged: number
  readonly uncertain: number
  readonly lost: number
  /** The first losses, by reference. */
  readonly lostExamples: readonly string[]
  readonly counterOk: boolean
  readonly restartMs: { readonly median: number; readonly max: number }
  readonly audit: string
  readonly auditOk: boolean
}

// For the database, since the server's own settings stand on its command line; the sessions that are open must begin anew.
async function switchSafetyOff(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
  END $$`)
  await client.query("ALTER SYSTEM SET wal_writer_delay = '10s'")
  await client.query('SELECT pg_reload_conf()')
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  await client.end()
  const after = new pg.Client({ connectionString: databaseUrl })
  await after.connect()
  const { rows } = await after.query<{ setting: string }>("SELECT current_setting('synchronous_commit') AS setting")
  await after.end()
  if (rows[0]?.setting !== 'off') throw new Error('synchronous_commit could not be switched off')
}

async function missing({ state }: StartedSystem, ledger: Ledger, from: number): Promise<readonly string[]> {
  const token = await issueLocalToken(state, { role: 'admin' })
  return missingRecords({ gatewayUrl: state.gatewayUrl, token }, ledger.acknowledged.slice(from))
}

async function waitUntilReady(url: string): Promise<void> {
  for (;;) {
    try {
      if ((await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok) return
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
    await delay(25)
  }
}

/** Runs the proof on a system and a data folder of its own, and removes them. */
export async function proveKills(options: KillOptions): Promise<KillReport> {
  const { onProgress = () => undefined } = options
  const random = seededRandom(options.seed)
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-kills-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error' }
  await prepareFolder(folder)
  let system = await startSystem(folder, settings)
  if (options.unsafe === true) await switchSafetyOff(system.state.databaseUrl)
  const url = system.state.gatewayUrl
  const writers = createWriters({
    url,
    writers: options.writers,
    token: () => issueLocalToken(system.state, { role: 'admin', lifetimeSeconds: 3600 }),
  })
  const lost = new Set<string>()
  const restarts: number[] = []
  let killsOfServer = 0
  let checked = 0
  try {
    for (let kill = 1; kill <= options.kills; kill += 1) {
      await writers.start()
      await delay(random.integer(300, 1200))
      const isServer = random.chance(0.5) || system.state.postgresPid === undefined
      const startedAt = performance.now()
      if (isServer) {
        killsOfServer += 1
        await system.kill()
        await writers.stop()
        system = await startSystem(folder, settings)
      } else {
        process.kill(system.state.postgresPid ?? 0, 'SIGKILL')
        await writers.stop()
        await waitUntilReady(url)
        const state = await system.refresh()
        system = { ...system, state }
      }
      restarts.push(performance.now() - startedAt)
      const found = await missing(system, writers.ledger, Math.max(0, checked - 2000))
      for (const reference of found) lost.add(reference)
      checked = writers.ledger.acknowledged.length
      onProgress(
        `kill ${kill}/${options.kills} (${isServer ? 'server' : 'PostgreSQL'}): ${checked} acknowledged, ${lost.size} lost, ready after ${Math.round(restarts.at(-1) ?? 0)} ms`,
      )
    }
    for (const reference of await missing(system, writers.ledger, 0)) lost.add(reference)
    const counterOk = await writers.counterHolds()
    await delay(2500)
    const audit = await verifyLocalTrail(system.state)
    const sorted = restarts.toSorted((a, b) => a - b)
    return {
      kills: options.kills,
      killsOfServer,
      killsOfPostgres: options.kills - killsOfServer,
      acknowledged: writers.ledger.acknowledged.length,
      uncertain: writers.ledger.uncertain,
      lost: lost.size,
      lostExamples: [...lost].slice(0, 10),
      counterOk,
      restartMs: { median: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 },
      audit: audit.summary,
      auditOk: audit.ok,
    }
  } finally {
    await writers.stop()
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const killsPerChunk = 10
const killChunks = 5

/** At least fifty kills: nothing acknowledged is lost, no update is lost, the trail is intact, and the system is back within 5 s. */
export const killsProof: Proof<KillReport> = {
  name: 'kills',
  about: 'SIGKILL to the server or PostgreSQL at random under 8 writers loses nothing that was acknowledged',
  chunks: killChunks,
  run: (chunk, onProgress) => proveKills({ kills: killsPerChunk, writers: 8, seed: 100 + chunk, onProgress }),
  conclude(reports) {
    const sum = (value: (report: KillReport) => number): number => reports.reduce((all, one) => all + value(one), 0)
    const kills = sum((one) => one.kills)
    const acknowledged = sum((one) => one.acknowledged)
    const lost = sum((one) => one.lost)
    const slowestMs = Math.round(Math.max(...reports.map((one) => one.restartMs.max)))
    const isTrailIntact = reports.every((one) => one.auditOk)
    const isCounterRight = reports.every((one) => one.counterOk)
    return {
      ok: lost === 0 && isTrailIntact && isCounterRight && slowestMs <= 5000,
      summary: `${kills} kills, ${lost} of ${acknowledged} acknowledged writes lost, trail ${isTrailIntact ? 'intact' : 'BROKEN'}, slowest return ${slowestMs} ms`,
      figures: {
        kills,
        killsOfServer: sum((one) => one.killsOfServer),
        killsOfPostgres: sum((one) => one.killsOfPostgres),
        acknowledged,
        uncertain: sum((one) => one.uncertain),
        lost,
        isCounterRight,
        isTrailIntact,
        medianReturnMs: reports.map((one) => Math.round(one.restartMs.median)),
        slowestReturnMs: slowestMs,
      },
    }
  },
}

/** The checker itself is checked: with synchronous_commit off it must find losses. */
export const unsafeKillsProof: Proof<KillReport> = {
  name: 'kills-unsafe',
  about: 'the same checker finds losses when synchronous_commit is off',
  chunks: 1,
  run: (_chunk, onProgress) => proveKills({ kills: 8, writers: 8, seed: 900, unsafe: true, onProgress }),
  conclude(reports) {
    const lost = reports.reduce((all, one) => all + one.lost, 0)
    const acknowledged = reports.reduce((all, one) => all + one.acknowledged, 0)
    const seen = lost > 0 ? 'and the checker saw it' : 'so this run does not show that the checker would see it'
    const summary = `${lost} of ${acknowledged} acknowledged writes lost with synchronous_commit=off, ${seen}`
    return { ok: lost > 0, summary, figures: { lost, acknowledged } }
  },
}
