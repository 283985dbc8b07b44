// The composition root: reads the configuration, wires the chosen services, lets them listen, and closes them.
import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from './composition/edge-gateway.ts'
import { openEdgeTls } from './composition/edge-tls.ts'
import type { Engines } from './composition/engines.ts'
import type { SystemKeys } from './composition/keys.ts'
import { listenAll } from './composition/listen-all.ts'
import { followConfiguration } from './composition/live-configuration.ts'
import { type ListeningPort, openedPorts } from './composition/ports.ts'
import { logLevelOf } from './composition/process-settings.ts'
import { creators } from './composition/rooms.ts'
import { sendTelemetry } from './composition/send-telemetry.ts'
import { withApp } from './composition/service-apps.ts'
import { allNames, type Wiring, type WiringOptions, wire } from './composition/wiring.ts'
import type { RunningGateway } from './edge/gateway/index.ts'
import { createLiveSettings } from './kernel/live-settings.ts'
import { createLogger } from './kernel/log.ts'
import { createShutdown, type Shutdown } from './kernel/shutdown.ts'
import type { PoolOptions } from './kernel/transport.ts'
import { type ServiceName, settingsByOwner } from './services.ts'

/** How a process is started. */
export interface StartOptions extends WiringOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
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

// For the gateway, which opens sockets by it and keeps them itself (edge/gateway/traffic.ts).
const edgePool: PoolOptions = { connections: 256, keepAliveMs: 20_000, connectMs: 3000 }
const stopLimitMs = 15_000

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
      ports: openedPorts({ specs: settingsByOwner, settings }, { names, isSecure: transport.isSecure }),
      routes: () => new Map([...local].map(([name, { app }]) => [name, app?.routeList() ?? []])),
      shutdown,
    }
  } catch (error) {
    await shutdown.run('start failed')
    throw error
  }
}
