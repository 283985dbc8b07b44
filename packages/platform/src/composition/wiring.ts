// What the services of a process are given: engines, ports and ways to other processes, opened in the order in which they need
// one another.
import { AppError } from '@xinglin/core/errors'
import manifest from '../../package.json' with { type: 'json' }
import { checkExposure } from '../edge/gateway/index.ts'
import { callPool, createCalls } from '../kernel/call.ts'
import type { Caller } from '../kernel/caller.ts'
import { systemClock } from '../kernel/clock.ts'
import type { SettingsByOwner } from '../kernel/config.ts'
import { createIds } from '../kernel/ids.ts'
import { signInternalToken } from '../kernel/internal-token.ts'
import { createLogger } from '../kernel/log.ts'
import type { CallService, Ids, Logger, Ports } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import { type ServiceName, services, settingsByOwner } from '../services.ts'
import { openDataFolder } from './data-folder.ts'
import { type Engines, openEngines } from './engines.ts'
import { type SystemKeys, systemKeys } from './keys.ts'
import { type OpenRegistry, openRegistry } from './open-registry.ts'
import { type OpenTelemetry, openTelemetry } from './open-telemetry.ts'
import { requirePorts } from './port-faults.ts'
import { openedPorts, roomPorts } from './ports.ts'
import { dataFolderOf, logLevelOf } from './process-settings.ts'
import { servedModels } from './served-models.ts'
import type { LocalService } from './service-apps.ts'
import { openTransport, type ProcessTransport } from './transport.ts'

/** Every setting of a process, by owner. */
export type Environment = SettingsByOwner<typeof settingsByOwner>

/** What wiring takes. */
export interface WiringOptions {
  /** Names of the services of this process; the setting SERVICES, else all, when empty. */
  readonly names: readonly string[]
  /** Folder of the built console. */
  readonly consoleFolder: URL
  /** Told the new process id when the embedded PostgreSQL was restarted after a crash. */
  readonly onDatabaseRestart?: (pid: number) => void
  /** Asks to stop: a start that is under way ends at its next step. */
  readonly stop?: AbortSignal
}

/** All that is open in a process before its services are. */
export interface Wiring {
  readonly settings: Environment
  readonly names: readonly ServiceName[]
  readonly dataFolder: string
  readonly keys: SystemKeys
  readonly engines: Engines
  readonly open: OpenTelemetry
  readonly ports: Ports
  readonly registry: OpenRegistry
  readonly transport: ProcessTransport
  readonly fhirBase: string
  readonly consoleFolder: URL
  readonly local: Map<string, LocalService>
}

/** Every service of the product. */
export const allNames: readonly ServiceName[] = services.map(({ name }) => name)

function chooseServices(given: readonly string[]): readonly ServiceName[] {
  const unknown = given.filter((name) => !allNames.some((known) => known === name))
  if (unknown.length > 0) {
    throw new AppError(
      'invalid-parameter',
      `There is no service ${unknown.join(', ')}; there are ${allNames.join(', ')}`,
    )
  }
  return given.length === 0 ? allNames : allNames.filter((name) => given.includes(name))
}

function selfOf(names: readonly ServiceName[]): Caller {
  const subject = `xinglin:${names.join('+')}`
  return Object.freeze({ subject, name: 'Xinglin', roles: ['system'], scopes: [], purpose: 'HOPERAT' } as const)
}

/** Address of the system as clients see it, without a slash at its end. */
export function publicUrlOf({ process: own, gateway: edge }: Environment): string {
  const host = edge.host === '0.0.0.0' || edge.host === '::' ? '127.0.0.1' : edge.host
  return (own.publicUrl ?? `http://${host}:${edge.port}`).replace(/\/+$/, '')
}

type Opening = Pick<Wiring, 'settings' | 'names' | 'dataFolder' | 'keys' | 'open' | 'transport' | 'fhirBase'> & {
  readonly isSplit: boolean
  readonly log: Logger
  readonly ids: Ids
  readonly shutdown: Shutdown
}

async function begin({ names: given }: WiringOptions, settings: Environment, shutdown: Shutdown): Promise<Opening> {
  const log = createLogger({ level: () => logLevelOf(settings.process) })
  const names = chooseServices(given.length > 0 ? given : settings.process.services)
  if (names.includes('gateway')) checkExposure(settings.gateway) // before anything is started for it
  const dataFolder = dataFolderOf(settings.process)
  await openDataFolder(dataFolder)
  const keys = await systemKeys(dataFolder, settings.process.internalKey)
  const ids = createIds(systemClock)
  const open = openTelemetry({ settings: settings.opentelemetry, version: manifest.version, ids, shutdown })
  const isSplit = names.length < allNames.length
  const tls = { settings: settings.tls, serviceHost: settings.process.serviceHost }
  const transport = await openTransport({ ...tls, dataFolder, names, isSplit, log, clock: systemClock, shutdown })
  const owned = { specs: settingsByOwner, settings }
  const wanted = openedPorts(owned, { names, isSecure: transport.isSecure })
  await requirePorts([...wanted, ...(isSplit ? roomPorts(names, settings.process) : [])], owned)
  const fhirBase = `${publicUrlOf(settings)}/fhir`
  return { settings, names, dataFolder, keys, open, transport, fhirBase, isSplit, log, ids, shutdown }
}

function enginesOf(opening: Opening, onDatabaseRestart: (pid: number) => void): Promise<Engines> {
  const { settings, dataFolder, keys, fhirBase, isSplit, log, ids, shutdown, open } = opening
  return openEngines({
    ...{ dataFolder, keys, fhirBase, isSplit, log, ids, shutdown, onDatabaseRestart },
    settings: settings.process,
    blobs: settings.blobs,
    telemetry: open.telemetry,
    clock: systemClock,
  })
}

type Reach = { readonly registry: OpenRegistry; readonly local: Wiring['local'] }

function callsOf({ names, keys, open, transport, log, shutdown }: Opening, { registry, local }: Reach): CallService {
  const calls = createCalls({
    local: (service) => local.get(service)?.app,
    registry: registry.port,
    sign: (caller) => signInternalToken(caller, keys.internal),
    self: selfOf(names),
    clock: systemClock,
    log,
    telemetry: open.telemetry,
    transport: transport.open(callPool),
  })
  shutdown.add('calls', () => calls.close())
  return calls.call
}

/** Opens everything; `shutdown` closes what is open already when it fails. @throws AppError naming what must be mended */
export async function wire(options: WiringOptions, settings: Environment, shutdown: Shutdown): Promise<Wiring> {
  const opening = await begin(options, settings, shutdown)
  const { names, keys, open, transport, log, ids } = opening
  const engines = await enginesOf(opening, options.onDatabaseRestart ?? (() => undefined))
  options.stop?.throwIfAborted()
  const { database, blobs, events, trail: audit } = engines
  const engine = { sql: database.sql, blobs, events, audit, telemetry: open.telemetry }
  const common = { ...engine, log, clock: systemClock, ids }
  const registry = await openRegistry({
    settings: settings.process,
    registrySettings: settings.registry,
    isHere: names.includes('registry'),
    ports: common,
    transport,
    shutdown,
    ownKey: keys.registry,
    allowsLinkLocal: settings.gateway.allowsLinkLocal,
  })
  // The first call to a service must not come before the registry has told where it is.
  for (const name of allNames) if (!names.includes(name)) registry.port.watch(name, () => undefined)
  const local: Wiring['local'] = new Map()
  const call = callsOf(opening, { registry, local })
  const models = servedModels(settings.process.tritonUrl, call)
  const ports: Ports = { ...common, registry: registry.port, call, onnx: engines.onnx, models }
  const { dataFolder, fhirBase } = opening
  const { consoleFolder } = options
  return {
    settings,
    names,
    dataFolder,
    keys,
    engines,
    open,
    ports,
    registry,
    transport,
    fhirBase,
    consoleFolder,
    local,
  }
}
