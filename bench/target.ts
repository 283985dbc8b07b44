// What a bench runs against: the FHIR base that is named, or a system of its own in a fresh folder.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import { freePorts, startSystem } from '../packages/platform/src/cli/system.ts'

/** CPU time used so far. */
export interface CpuSeconds {
  readonly server: number
  readonly postgres: number
  /** Processes for models, ciphertexts and codecs that live now. */
  readonly engines: number
}

/** A server under load. */
export interface BenchTarget {
  /** FHIR base without a slash at the end. */
  readonly fhirUrl: string
  readonly token: string | undefined
  /** CPU seconds that the server and its PostgreSQL have used so far; NaN for a server elsewhere. */
  cpuSeconds(): Promise<CpuSeconds>
  /** The database, when the system is our own. */
  readonly databaseUrl?: string
  close(): Promise<void>
}

/** How a target is named on the command line. */
export interface TargetOptions {
  readonly url?: string | undefined
  readonly token?: string | undefined
  /** Data folder to keep and use again; a fresh one is made and removed when absent. */
  readonly data?: string | undefined
  /** Settings of the system besides those of every bench. */
  readonly settings?: Readonly<Record<string, string>>
}

async function cpuOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // utime, stime and those of children that have ended, in hundredths of a second
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) / 100
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    return text.trim().split(/\s+/).map(Number)
  } catch {
    return [] // no ps here, or no children
  }
}

async function treeCpu(pid: number | undefined): Promise<number> {
  if (pid === undefined || process.platform !== 'linux') return Number.NaN
  const all = await Promise.all([pid, ...childrenOf(pid)].map(cpuOf))
  return all.reduce((sum, seconds) => sum + seconds, 0)
}

/** Opens the target. */
export async function openTarget(options: TargetOptions): Promise<BenchTarget> {
  if (options.url !== undefined) {
    return {
      fhirUrl: options.url.replace(/\/+$/, ''),
      token: options.token,
      cpuSeconds: async () => ({ server: Number.NaN, postgres: Number.NaN, engines: Number.NaN }),
      close: async () => undefined,
    }
  }
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'xinglin-bench-')))
  const settings = {
    ...(await freePorts()),
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_SECOND: '1000000',
    RATE_LIMIT_BURST: '1000000',
    ...options.settings,
  }
  const system = await startSystem(folder, settings)
  const { state } = system
  return {
    fhirUrl: `${state.gatewayUrl}/fhir`,
    token: await issueLocalToken(state, { role: 'admin', lifetimeSeconds: 86_400 }),
    databaseUrl: state.databaseUrl,
    async cpuSeconds() {
      const engines = childrenOf(state.pid).filter((pid) => pid !== state.postgresPid)
      return {
        server: await cpuOf(state.pid),
        postgres: await treeCpu(state.postgresPid),
        engines: (await Promise.all(engines.map(cpuOf))).reduce((sum, seconds) => sum + seconds, 0),
      }
    },
    async close() {
      await system.stop()
      if (options.data === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The machine and commit that figures belong to. */
export function measuredOn() {
  const commit = (() => {
    try {
      return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
    } catch {
      return 'unknown'
    }
  })()
  const memoryGib = Math.round(totalmem() / 1024 ** 3)
  return {
    at: new Date().toISOString(),
    commit,
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${memoryGib} GiB, ${release()}`,
    node: process.version,
  }
}
