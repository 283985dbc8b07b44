// The composition root: reads the configuration, chooses services and engines, wires them, lets them listen, and closes them.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import manifest from '../package.json' with { type: 'json' }
import { explain } from './ai/explain/index.ts'
import { federated } from './ai/federated/index.ts'
import { imaging, studyRecords } from './ai/imaging/index.ts'
import { inference } from './ai/inference/index.ts'
import { emr } from './clinical/emr/index.ts'
import { patient } from './clinical/patient/index.ts'
import { pharmacy } from './clinical/pharmacy/index.ts'
import { triage } from './clinical/triage/index.ts'
import { chaosRoom } from './composition/chaos-room.ts'
import { openDataFolder } from './composition/data-folder.ts'
import { type EdgeTls, openEdgeTls } from './composition/edge-tls.ts'
import { type Engines, openEngines } from './composition/engines.ts'
import { grpcMethods } from './composition/grpc-methods.ts'
import { identityExtra } from './composition/identity-extra.ts'
import { type SystemKeys, systemKeys } from './composition/keys.ts'
import { listenAll } from './composition/listen-all.ts'
import { followConfiguration } from './composition/live-configuration.ts'
import { observedCodec } from './composition/observed-engines.ts'
import { type OpenRegistry, openRegistry } from './composition/open-registry.ts'
import { type OpenTelemetry, openTelemetry } from './composition/open-telemetry.ts'
import { type ListeningPort, listeningPorts } from './composition/ports.ts'
import { createPrivateComputation } from './composition/private-computation.ts'
import { dataFolderOf, logLevelOf } from './composition/process-settings.ts'
import { readinessOf } from './composition/readiness.ts'
import { sendTelemetry } from './composition/send-telemetry.ts'
import { servedModels } from './composition/served-models.ts'
import { type LocalService, withApp } from './composition/service-apps.ts'
import { symptomGraphOf } from './composition/symptom-graph.ts'
import { openTransport, type ProcessTransport } from './composition/transport.ts'
import { audit } from './edge/audit/index.ts'
import { chaos } from './edge/chaos/index.ts'
import { checkExposure, gateway, type RunningGateway } from './edge/gateway/index.ts'
import { identity } from './edge/identity/index.ts'
import { telemetry } from './edge/telemetry/index.ts'
import { attachCaller } from './kernel/attached-caller.ts'
import { callPool, createCalls } from './kernel/call.ts'
import type { Caller } from './kernel/caller.ts'
import { systemClock } from './kernel/clock.ts'
import type { SettingsByOwner } from './kernel/config.ts'
import { createIds } from './kernel/ids.ts'
import { signInternalToken } from './kernel/internal-token.ts'
import { createLiveSettings } from './kernel/live-settings.ts'
import { createLogger } from './kernel/log.ts'
import type { CallService, Ports } from './kernel/ports.ts'
import { createShutdown, type Shutdown } from './kernel/shutdown.ts'
import type { PoolOptions, Transport } from './kernel/transport.ts'
import { patientsWithholding, withheldElsewhere } from './records/index.ts'
import { medicines, ownedTypes, type ServiceName, services, settingsByOwner } from './services.ts'

/** How a process is started. */
export interface StartOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Names of the services of this process; the setting SERVICES, else all, when empty. */
  readonly names: readonly string[]
  /** Folder of the built console. */
  readonly consoleFolder: URL
  /** Told the new process id when the embedded PostgreSQL was restarted after a crash. */
  readonly onDatabaseRestart?: (pid: number) => void
  /** Asks to stop: a start that is under way ends at its next step. */
  readonly stop?: AbortSignal
}

/** A running process. */
export interface RunningProcess {
  readonly services: readonly ServiceName[]
  readonly dataFolder: string
  readonly engines: Engines
  readonly keys: SystemKeys
  /** The addresses of the gateway, when it lives here. */
  readonly gateway: ReturnType<RunningGateway['addresses']> | undefined
  readonly registryUrl: string | undefined
  /** Where its services listen, as set. */
  readonly ports: readonly ListeningPort[]
  /** The routes of each service that lives here, as `METHOD /pattern`. */
  readonly routes: () => ReadonlyMap<string, readonly string[]>
  readonly shutdown: Shutdown
}

type Environment = SettingsByOwner<typeof settingsByOwner>

interface Wiring {
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

// Many more requests go through the gateway than between services.
const edgePool: PoolOptions = { connections: 256, keepAliveMs: 20_000, connectMs: 3000 }
const stopLimitMs = 15_000
const allNames: readonly ServiceName[] = services.map(({ name }) => name)

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

function chaosExtra({ settings, names: here, dataFolder, engines, registry, local }: Wiring) {
  const { registryUrl = `http://127.0.0.1:${settings.registry.port}`, registryToken } = settings.process
  const token = settings.process.registryUrl === undefined ? settings.registry.token : registryToken
  return chaosRoom({
    ...{ all: allNames, here, dataFolder, registryUrl },
    sql: engines.database.sql,
    local: () => [...local.values()],
    registry: registry.port,
    registryToken: token,
  })
}

// Every service that may live here, with what only it is given.
function creators(
  wiring: Wiring,
  edge: RunningGateway | undefined,
): Readonly<Record<ServiceName, () => Promise<LocalService['running']>>> {
  const { settings, ports, engines, fhirBase, dataFolder, registry } = wiring
  const serving = {
    ...engines.store,
    audit: engines.trail,
    baseUrl: fhirBase,
    version: manifest.version,
    date: ports.clock.now(),
  }
  return {
    registry: async () => registry.local ?? {},
    audit: () => audit.create(ports, settings.audit, { folder: join(dataFolder, 'audit') }),
    telemetry: () => telemetry.create(ports, settings.telemetry, { flush: wiring.open.telemetry.flush }),
    identity: () => identity.create(ports, settings.identity, identityExtra(wiring)),
    patient: () => patient.create(ports, settings.patient, serving),
    emr: () => emr.create(ports, {}, { ...serving, ownedElsewhere: ownedTypes }),
    pharmacy: () => pharmacy.create(ports, {}, { ...serving, medicines }),
    triage: async () =>
      triage.create(ports, settings.triage, {
        ...(await symptomGraphOf(settings.triage)),
        withheldFrom: (caller) => withheldElsewhere(engines.database.sql, caller, { type: 'QuestionnaireResponse' }),
      }),
    inference: () =>
      inference.create(ports, settings.inference, {
        repository: join(dataFolder, 'models'),
        version: manifest.version,
      }),
    federated: () => federated.create(ports, settings.federated),
    imaging: () =>
      imaging.create(ports, settings.imaging, {
        baseUrl: fhirBase.replace(/\/fhir$/, '/dicom-web'),
        codec: observedCodec(engines.codecs, ports.telemetry),
        withheldFrom: (caller) => withheldElsewhere(engines.database.sql, caller, studyRecords),
      }),
    explain: () => explain.create(ports, settings.explain),
    privacy: () =>
      createPrivateComputation(ports, settings.privacy, {
        dataFolder,
        withheldFrom: (caller, patients) => patientsWithholding(engines.database.sql, caller, patients),
      }),
    chaos: () => chaos.create(ports, settings.chaos, chaosExtra(wiring)),
    gateway: async () => edge ?? {},
  }
}

function createGateway(wiring: Wiring, upstream: Transport, edgeTls: EdgeTls): Promise<RunningGateway> {
  const { settings, ports, keys, registry, names, local, engines, consoleFolder } = wiring
  const routes = services.flatMap((service) => {
    const openPaths = 'openPaths' in service ? service.openPaths : []
    return service.paths.length === 0 ? [] : [{ service: service.name, paths: [...service.paths], openPaths }]
  })
  const elsewhere = routes.map(({ service }) => service).filter((service) => !names.includes(service))
  const readiness = readinessOf({
    sql: engines.database.sql,
    local: () => [...local.values()].filter(({ name }) => name !== 'gateway'),
    elsewhere,
    registry: registry.port,
  })
  return gateway.create(ports, settings.gateway, {
    localHandler: (service) => local.get(service)?.app?.routing,
    routes,
    signCaller: (caller) => signInternalToken(caller, keys.internal),
    attachCaller,
    transport: upstream,
    ...edgeTls,
    publicUrl: publicUrlOf(settings),
    consoleFolder,
    readiness,
    grpc: grpcMethods({ ...settings, isHere: names.includes('inference'), registry: registry.port }),
  })
}

async function startServices(wiring: Wiring, shutdown: Shutdown): Promise<RunningGateway | undefined> {
  const { names, ports, keys, local } = wiring
  const upstream = wiring.transport.open(edgePool)
  shutdown.add('upstream connections', () => upstream.close())
  const edgeTls = await openEdgeTls({ settings: wiring.settings.gateway, log: ports.log, clock: ports.clock, shutdown })
  const edge = names.includes('gateway') ? await createGateway(wiring, upstream, edgeTls) : undefined
  const create = creators(wiring, edge)
  for (const name of names) {
    const running = await create[name]()
    local.set(
      name,
      await withApp(name, running, {
        internalKey: keys.internal,
        log: ports.log,
        clock: ports.clock,
        telemetry: ports.telemetry,
      }),
    )
  }
  await wiring.engines.events.start()
  for (const { name, running, app } of local.values()) {
    shutdown.add(name, async () => {
      await app?.close()
      await running.close?.()
    })
    await running.start?.()
  }
  return edge
}

function publicUrlOf({ process: own, gateway: edge }: Environment): string {
  const host = edge.host === '0.0.0.0' || edge.host === '::' ? '127.0.0.1' : edge.host
  return (own.publicUrl ?? `http://${host}:${edge.port}`).replace(/\/+$/, '')
}

async function wire(options: StartOptions, settings: Environment, shutdown: Shutdown): Promise<Wiring> {
  const log = createLogger({ level: () => logLevelOf(settings.process) })
  const names = chooseServices(options.names.length > 0 ? options.names : settings.process.services)
  if (names.includes('gateway')) checkExposure(settings.gateway) // before anything is started for it
  const dataFolder = dataFolderOf(settings.process)
  await openDataFolder(dataFolder)
  const keys = await systemKeys(dataFolder, settings.process.internalKey)
  const ids = createIds(systemClock)
  const fhirBase = `${publicUrlOf(settings)}/fhir`
  const opening = { settings: settings.opentelemetry, version: manifest.version, ids, shutdown }
  const open = openTelemetry(opening)
  const isSplit = names.length < allNames.length
  const tls = { settings: settings.tls, serviceHost: settings.process.serviceHost }
  const transport = await openTransport({ ...tls, dataFolder, names, isSplit, log, clock: systemClock, shutdown })
  const engines = await openEngines({
    settings: settings.process,
    blobs: settings.blobs,
    dataFolder,
    keys,
    fhirBase,
    isSplit,
    log,
    telemetry: open.telemetry,
    clock: systemClock,
    ids,
    shutdown,
    onDatabaseRestart: options.onDatabaseRestart ?? (() => undefined),
  })
  options.stop?.throwIfAborted()
  const { database, blobs, events, trail } = engines
  const { telemetry: spans } = open
  const common = { sql: database.sql, blobs, events, audit: trail, telemetry: spans, log, clock: systemClock, ids }
  const registry = await openRegistry({
    settings: settings.process,
    registrySettings: settings.registry,
    isHere: names.includes('registry'),
    ports: common,
    transport,
    shutdown,
    ownKey: keys.registry,
  })
  // The first call to a service must not come before the registry has told where it is.
  for (const name of allNames) if (!names.includes(name)) registry.port.watch(name, () => undefined)
  const local = new Map<string, LocalService>()
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
  const call: CallService = calls.call
  const models = servedModels(settings.process.tritonUrl, call)
  const ports: Ports = { ...common, registry: registry.port, call, onnx: engines.onnx, models }
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

/**
 * Starts the services of this process; when that fails, what was already started is stopped again.
 * @throws AppError that names every faulty setting, a port that is taken, or what else must be mended; the reason of
 * `stop` when it was aborted meanwhile
 */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const live = createLiveSettings(settingsByOwner, options.environment)
  const { settings } = live
  const drainMs = settings.process.drainSeconds * 1000
  const log = createLogger({ level: () => logLevelOf(settings.process) })
  const shutdown = createShutdown({ log, deadlineMs: stopLimitMs + drainMs })
  try {
    const wiring = await wire(options, settings, shutdown)
    const { names, dataFolder, keys, engines, ports, registry, transport, local } = wiring
    const edge = await startServices(wiring, shutdown)
    options.stop?.throwIfAborted()
    const { otlp } = settings
    const room = local.get('telemetry')?.running
    sendTelemetry({
      open: wiring.open,
      settings: otlp,
      room,
      call: ports.call,
      clock: ports.clock,
      log: ports.log,
      shutdown,
    })
    shutdown.add('configuration', followConfiguration({ live, registry, log: ports.log, clock: ports.clock }))
    if (names.length < allNames.length) {
      const { serviceHost: host, servicePort: port, serviceTags: tags, serviceAddress: address } = settings.process
      const { clock, ids } = ports
      const where = { host, address, port, tags, transport, registry: registry.port, ids, clock }
      const leave = await listenAll([...local.values()], where)
      shutdown.add('registration', leave)
    }
    if (edge !== undefined && drainMs > 0) {
      shutdown.add('drain', () => {
        edge.drain()
        return delay(drainMs)
      })
    }
    return {
      services: names,
      dataFolder,
      engines,
      keys,
      gateway: edge?.addresses(),
      registryUrl: registry.local?.addresses().url,
      ports: listeningPorts({ specs: settingsByOwner, settings }).filter(({ owner }) =>
        names.some((name) => name === owner),
      ),
      routes: () => new Map([...local].map(([name, { app }]) => [name, app?.routeList() ?? []])),
      shutdown,
    }
  } catch (error) {
    await shutdown.run('start failed')
    throw error
  }
}
