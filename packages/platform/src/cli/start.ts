// `xinglin start`: builds the console when its sources changed, starts the services, and says where everything is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import manifest from '../../package.json' with { type: 'json' }
import { dataFolderOf } from '../composition/process-settings.ts'
import { ownIdentity } from '../engines/postgres/index.ts'
import { processEnvironment } from '../kernel/config.ts'
import { type RunningProcess, startProcess } from '../main.ts'
import { bucketOf } from './backup/bucket.ts'
import { ownSettings } from './place.ts'
import {
  clearPartState,
  clearRunState,
  type PartState,
  type RunState,
  readRunState,
  writePartState,
  writeRunState,
} from './run-state.ts'
import { listenForStop } from './stop-signals.ts'
import { partLine, welcomeLines } from './welcome.ts'

type Environment = Readonly<Record<string, string | undefined>>

const consoleFolder = new URL('../../../console/dist/', import.meta.url)
const consoleBuilder = fileURLToPath(new URL('../../../../scripts/build-console.mjs', import.meta.url))

interface ConsoleBuilder {
  readonly isConsoleCurrent: () => Promise<boolean>
}

/** Builds the console when its sources changed; a failure leaves the old one, is told, and gives false. */
export async function buildConsole(say: (line: string) => void): Promise<boolean> {
  if (!existsSync(consoleBuilder)) return true
  // Most starts find it as it was, and need not wait for a process that says so.
  const { isConsoleCurrent } = (await import(pathToFileURL(consoleBuilder).href)) as ConsoleBuilder
  if (await isConsoleCurrent().catch(() => false)) return true // what is wrong the build will tell
  const child = spawn(process.execPath, [consoleBuilder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => say(String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = await once(child, 'close')
  if (code === 0) return true
  const words = Buffer.concat(output).toString().trim().split('\n').slice(0, 5).join('\n')
  process.stderr.write(`The console could not be built, so it may be old or missing:\n${words}\n`)
  return false
}

// The other parts of a split system share the folder with the one that holds the gateway.
async function refuseSecond(dataFolder: string, hasGateway: boolean): Promise<void> {
  const other = await readRunState(dataFolder)
  if (other === undefined || !hasGateway) return
  throw new AppError(
    'conflict',
    `A system already runs on ${dataFolder} (process ${other.pid}, ${other.gatewayUrl}); stop it or set XINGLIN_DATA`,
  )
}

async function partOf({ services, ports }: RunningProcess): Promise<PartState> {
  const { pid, startedAt: processStartedAt } = await ownIdentity()
  return {
    ...{ pid, services, ports: ports.map(({ port }) => port) },
    ...(processStartedAt === undefined ? {} : { processStartedAt }),
  }
}

async function stateOf(running: RunningProcess): Promise<RunState | undefined> {
  const { gateway, registryUrl = '', engines, dataFolder } = running
  if (gateway === undefined) return undefined
  const postgresPid = engines.database.embedded?.pid
  const settings = ownSettings()
  const blobsElsewhere = bucketOf(settings)
  const { repository } = settings.inference
  return {
    ...(await partOf(running)),
    startedAt: new Date(Date.now() - process.uptime() * 1000).toISOString(),
    version: manifest.version,
    dataFolder,
    gatewayUrl: gateway.url,
    adminUrl: gateway.adminUrl,
    registryUrl,
    databaseUrl: engines.database.url,
    ...(postgresPid === undefined ? {} : { postgresPid }),
    isDemo: gateway.isDemo,
    ...(blobsElsewhere === undefined ? {} : { blobsElsewhere }),
    ...(repository === undefined ? {} : { modelRepository: resolve(repository) }),
  }
}

async function remember(running: RunningProcess): Promise<RunState | undefined> {
  const state = await stateOf(running)
  if (state === undefined) await writePartState(running.dataFolder, await partOf(running))
  else await writeRunState(running.dataFolder, state)
  return state
}

async function startServing(names: readonly string[], own: Environment, stop: AbortSignal): Promise<RunningProcess> {
  const current: { running?: RunningProcess } = {}
  const onDatabaseRestart = (): void => {
    if (current.running === undefined) return
    remember(current.running).catch(() => process.stderr.write('The run state could not be written.\n'))
  }
  const environment = { ...processEnvironment(), ...own }
  const running = await startProcess({ environment, names, consoleFolder, onDatabaseRestart, stop })
  current.running = running
  return running
}

async function end(running: RunningProcess, reason: string): Promise<void> {
  const isClean = await running.shutdown.run(reason)
  process.stdout.write(isClean ? 'Xinglin is stopped.\n' : 'Xinglin is stopped, but not everything ended in time.\n')
  process.exit(isClean ? 0 : 1)
}

async function serve(names: readonly string[], own: Environment, stop: AbortSignal): Promise<void> {
  const startedAt = performance.now() - process.uptime() * 1000 // the start of this process
  const running = await startServing(names, own, stop)
  const { dataFolder, gateway, shutdown } = running
  shutdown.add('run state', () =>
    gateway === undefined ? clearPartState(dataFolder, process.pid) : clearRunState(dataFolder),
  )
  try {
    const state = await remember(running)
    const lines =
      state === undefined ? [partLine(running)] : await welcomeLines(running, state, performance.now() - startedAt)
    const phones =
      gateway?.tlsUrl === undefined
        ? []
        : (await import('./lan/phone-lines.ts')).phoneLines(gateway.tlsUrl, gateway.authority)
    process.stdout.write(`${[...lines, ...phones].join('\n')}\n`)
    flushCompileCache() // the next start has it also when this process is killed
  } catch (error) {
    await shutdown.run('start failed')
    throw error
  }
  const asked = (): Promise<void> => end(running, String(stop.reason))
  if (stop.aborted) await asked()
  else stop.addEventListener('abort', asked)
}

/** Starts and serves until a signal ends it; `lan` opens a TLS port for phones, at the given address of this machine or its first. */
export async function start(names: readonly string[], lan: string | boolean = false): Promise<void> {
  const stop = listenForStop(() => {
    process.stderr.write('Stopped at once; the next start takes over what is left running.\n')
    process.exit(1)
  })
  const { process: own } = ownSettings()
  const chosen = names.length > 0 ? names : own.services
  const hasGateway = chosen.length === 0 || chosen.includes('gateway')
  await refuseSecond(dataFolderOf(own), hasGateway)
  // Only a build that takes its time is worth a line, and only the gateway serves the console.
  if (hasGateway) await buildConsole((line) => void (line.startsWith('Building') && process.stderr.write(line)))
  try {
    const given = typeof lan === 'string' ? lan : undefined
    // Certificates are another two hundred modules, of which most starts have no use.
    const own = lan === false ? {} : await (await import('./lan/index.ts')).lanEnvironment(given, processEnvironment())
    await serve(names, own, stop)
  } catch (error) {
    if (!stop.aborted) throw error
    process.stdout.write('Xinglin was stopped while it started.\n')
    process.exit(0)
  }
}
