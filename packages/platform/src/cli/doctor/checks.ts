// The checks of `xinglin doctor`: each says what it saw and, when something is wrong, how to mend it.
import { spawnSync } from 'node:child_process'
import { stat, statfs } from 'node:fs/promises'
import { openDataFolder } from '../../composition/data-folder.ts'
import { faultWords, mendingSetting, portFaults } from '../../composition/port-faults.ts'
import { type ListeningPort, listeningPorts, openedPorts } from '../../composition/ports.ts'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { isTlsWanted } from '../../composition/transport.ts'
import { connectPostgres, databaseFaults, findPrograms } from '../../engines/postgres/index.ts'
import { createLogger } from '../../kernel/log.ts'
import { services, settingsByOwner } from '../../services.ts'
import { withDatabase } from '../local.ts'
import { type ownSettings, runningSystem } from '../place.ts'
import { type RunState, readPartStates } from '../run-state.ts'

/** What a check found. */
export interface Finding {
  readonly name: string
  readonly level: 'good' | 'hint' | 'wrong'
  readonly seen: string
  /** How to mend it; absent when nothing is to be done. */
  readonly mend?: string
}

/** The settings as read. */
export type OwnSettings = ReturnType<typeof ownSettings>

// A data folder that this user may not read is the finding of checkDisk.
function systemHere(settings: OwnSettings): Promise<RunState | undefined> {
  return runningSystem(settings.process).catch(() => undefined)
}

const neededNode = 24
const wantedFreeBytes = 2 * 1024 ** 3
const maxSkewMs = 5000
// Before this day the software did not exist, so a clock that says so is wrong.
const builtMs = Date.UTC(2026, 0, 1)

/** Node runs TypeScript as it is from version 24 on. */
export async function checkNode(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0])
  const seen = `${process.version} at ${process.execPath}`
  if (major >= neededNode) return { name: 'Node', level: 'good', seen }
  return { name: 'Node', level: 'wrong', seen, mend: `Install Node ${neededNode} or run: npm ci` }
}

// Ports that this process would open, were it started now.
function wantedPorts(settings: OwnSettings): readonly ListeningPort[] {
  const { services: chosen } = settings.process
  const names = chosen.length > 0 ? chosen : services.map(({ name }) => name)
  const isSecure = names.length < services.length && isTlsWanted(settings.tls, dataFolderOf(settings.process))
  return openedPorts({ specs: settingsByOwner, settings }, { names, isSecure })
}

/** The ports are free, or held by our own running system, or not opened at all; else other numbers are proposed. */
export async function checkPorts(settings: OwnSettings): Promise<readonly Finding[]> {
  const owned = { specs: settingsByOwner, settings }
  const holders = [await systemHere(settings), ...(await readPartStates(dataFolderOf(settings.process)))]
  const holderOf = (port: number) => holders.find((one) => one?.ports.includes(port) === true)
  const wanted = wantedPorts(settings)
  const faults = await portFaults(
    wanted.filter(({ port }) => holderOf(port) === undefined),
    owned,
  )
  return listeningPorts(owned).map(({ env, port, host }): Finding => {
    const name = `port ${port}`
    const holder = holderOf(port)
    if (holder !== undefined) return { name, level: 'good', seen: `held by the running system (process ${holder.pid})` }
    if (!wanted.some((one) => one.env === env))
      return { name, level: 'good', seen: `not opened with the present settings (${env})` }
    const fault = faults.find((one) => one.port.env === env)
    if (fault === undefined) return { name, level: 'good', seen: `free on ${host}` }
    const other = mendingSetting(fault)
    const mend = other === undefined ? `Set another address for ${env}` : `Stop what holds it, or start with ${other}`
    return { name, level: 'wrong', seen: faultWords(fault), mend }
  })
}

/** The data folder can be used by this user and has room. */
export async function checkDisk(settings: OwnSettings): Promise<readonly Finding[]> {
  const folder = dataFolderOf(settings.process)
  const refused = await openDataFolder(folder).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (refused !== undefined) {
    const mend = 'Run as the owner, give this user the folder, or choose another one: XINGLIN_DATA=/path'
    return [{ name: 'data folder', level: 'wrong', seen: refused, mend }]
  }
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const { mode } = await stat(folder)
  const room = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free at ${folder}`
  const isOpen = process.platform !== 'win32' && (mode & 0o066) !== 0
  return [
    freeBytes >= wantedFreeBytes
      ? { name: 'disk', level: 'good', seen: room }
      : { name: 'disk', level: 'wrong', seen: room, mend: 'Free at least 2 GiB or move XINGLIN_DATA' },
    isOpen
      ? { name: 'data folder', level: 'hint', seen: 'other users can look into it', mend: `chmod 700 ${folder}` }
      : { name: 'data folder', level: 'good', seen: `${folder}, for this user alone` },
  ]
}

/** PostgreSQL is there: the given one answers and fits, or the programs of the embedded one are found. */
export async function checkPostgres(settings: OwnSettings): Promise<Finding> {
  const { databaseUrl, searchPath } = settings.process
  const name = 'PostgreSQL'
  try {
    if (databaseUrl === undefined) {
      const programs = await findPrograms(searchPath)
      return { name, level: 'good', seen: `embedded, ${programs.label} (${programs.origin})` }
    }
    const sql = connectPostgres({ url: databaseUrl, poolSize: 1, log: createLogger({ level: 'silent' }) })
    const faults = await databaseFaults(sql).finally(() => sql.close())
    if (faults.length === 0) return { name, level: 'good', seen: 'the one of DATABASE_URL answers and fits' }
    return { name, level: 'wrong', seen: faults.join('; '), mend: 'Mend the database or unset DATABASE_URL' }
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error)
    const mend =
      databaseUrl === undefined ? 'Run npm ci, or install PostgreSQL 15+, or set DATABASE_URL' : 'Check DATABASE_URL'
    return { name, level: 'wrong', seen, mend }
  }
}

/** The clock is after the day this was built, and agrees with the database's when one runs. */
export async function checkClock(settings: OwnSettings): Promise<Finding> {
  const name = 'clock'
  const mend = 'Set the clock of this machine (records and signatures carry its time)'
  const now = new Date()
  if (now.getTime() < builtMs) return { name, level: 'wrong', seen: now.toISOString(), mend }
  const running = await systemHere(settings)
  const databaseUrl = settings.process.databaseUrl ?? running?.databaseUrl
  if (databaseUrl === undefined) return { name, level: 'good', seen: now.toISOString() }
  const skewMs = await withDatabase(databaseUrl, async (sql) => {
    const [row] = await sql.query<{ at: Date }>({ text: 'SELECT clock_timestamp() AS at' })
    return Math.abs((row?.at.getTime() ?? 0) - Date.now())
  })
  const seen = `${now.toISOString()}, ${Math.round(skewMs)} ms from the database`
  return skewMs <= maxSkewMs ? { name, level: 'good', seen } : { name, level: 'wrong', seen, mend }
}

const tools = [
  { program: 'git', args: ['--version'], use: 'contributing', get: 'apt-get install git' },
  {
    program: 'chromium',
    args: ['--version'],
    use: 'the browser tests',
    get: 'apt-get install chromium fonts-noto-cjk',
  },
]

/** Optional tools: without them only what they are for is missing. */
export async function checkTools(): Promise<readonly Finding[]> {
  return tools.map(({ program, args, use, get }): Finding => {
    const done = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 })
    const name = program
    if (done.status === 0) return { name, level: 'good', seen: done.stdout.trim().split('\n')[0] ?? '' }
    return { name, level: 'hint', seen: `not found; only ${use} would need it`, mend: get }
  })
}
