// `xinglin start`: builds the console when its sources changed, starts the services, and says where everything is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import manifest from '../../package.json' with { type: 'json' }
import { dataFolderOf } from '../composition/process-settings.ts'
import { demoPassword, issueToken, personas } from '../edge/gateway/index.ts'
import { processEnvironment } from '../kernel/config.ts'
import { type RunningProcess, startProcess } from '../main.ts'
import { ownSettings } from './place.ts'
import { clearRunState, type RunState, readRunState, writeRunState } from './run-state.ts'

const consoleFolder = new URL('../../../console/dist/', import.meta.url)
const consoleBuilder = fileURLToPath(new URL('../../../../scripts/build-console.mjs', import.meta.url))

/** Builds the console when its sources changed; a failure leaves the old one and is told. */
export async function buildConsole(): Promise<void> {
  if (!existsSync(consoleBuilder)) return
  const child = spawn(process.execPath, [consoleBuilder], { stdio: ['ignore', 'ignore', 'pipe'] })
  const output: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = await once(child, 'exit')
  if (code === 0) return
  const words = Buffer.concat(output).toString().trim().split('\n').slice(0, 5).join('\n')
  process.stderr.write(`The console could not be built, so it may be old or missing:\n${words}\n`)
}

async function refuseSecond(dataFolder: string): Promise<void> {
  const other = await readRunState(dataFolder)
  if (other === undefined) return
  throw new AppError(
    'conflict',
    `A system already runs on ${dataFolder} (process ${other.pid}, ${other.gatewayUrl}); stop it or set XINGLIN_DATA`,
  )
}

function stateOf(running: RunningProcess, postgresPid: number | undefined): RunState | undefined {
  const { gateway, registryUrl = '', engines, dataFolder, services } = running
  if (gateway === undefined) return undefined
  return {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: manifest.version,
    dataFolder,
    gatewayUrl: gateway.url,
    adminUrl: gateway.adminUrl,
    registryUrl,
    databaseUrl: engines.database.url,
    ...(postgresPid === undefined ? {} : { postgresPid }),
    services,
  }
}

function demoLines(): readonly string[] {
  const people = personas.map(({ username, roles }) => `${username} (${roles.join(', ')})`)
  return [
    `Demo logins, password ${demoPassword}:`,
    ...people.map((person) => `  ${person}`),
    'ANYONE who reaches this port can sign in as them: set DEMO=false before real data comes in.',
  ]
}

async function welcome(running: RunningProcess, state: RunState, elapsedMs: number): Promise<readonly string[]> {
  const { sql } = running.engines.database
  const isDemo = running.gateway?.isDemo === true
  const token = isDemo ? await issueToken(sql, { role: 'clinician' }) : undefined
  return [
    '',
    `Xinglin 杏林 ${state.version} is ready after ${(elapsedMs / 1000).toFixed(1)} s`,
    `  console      ${state.gatewayUrl}/app`,
    `  FHIR base    ${state.gatewayUrl}/fhir`,
    `  Kong admin   ${state.adminUrl}`,
    ...(state.registryUrl === '' ? [] : [`  registry     ${state.registryUrl}`]),
    `  data         ${state.dataFolder}`,
    '',
    ...(isDemo ? demoLines() : ['Demo logins are off.']),
    '',
    ...(token === undefined ? [] : ['A token of a clinician, valid for one hour:', token, '']),
    'Next, in another terminal: npm run demo',
    '',
  ]
}

/** Starts and serves until a signal ends it. */
export async function start(names: readonly string[]): Promise<void> {
  const startedAt = performance.now() - process.uptime() * 1000 // the start of this process
  const { process: own } = ownSettings()
  const dataFolder = dataFolderOf(own)
  // The other parts of a split system share the folder with the one that holds the gateway.
  const chosen = names.length > 0 ? names : own.services
  if (chosen.length === 0 || chosen.includes('gateway')) await refuseSecond(dataFolder)
  const current: { running?: RunningProcess } = {}
  const remember = async (postgresPid: number | undefined): Promise<void> => {
    const state = current.running === undefined ? undefined : stateOf(current.running, postgresPid)
    if (state !== undefined) await writeRunState(dataFolder, state)
  }
  await buildConsole()
  const running = await startProcess({
    environment: processEnvironment(),
    names,
    consoleFolder,
    onDatabaseRestart: (pid) => {
      remember(pid).catch(() => process.stderr.write('The run state could not be written.\n'))
    },
  })
  current.running = running
  await remember(running.engines.database.embedded?.pid)
  running.shutdown.add('run state', () =>
    running.gateway === undefined ? Promise.resolve() : clearRunState(dataFolder),
  )
  running.shutdown.onSignals((code) => process.exit(code))
  const state = stateOf(running, undefined)
  const lines =
    state === undefined
      ? [`Xinglin ${manifest.version}: ${running.services.join(', ')} run here`]
      : await welcome(running, state, performance.now() - startedAt)
  process.stdout.write(`${lines.join('\n')}\n`)
}
