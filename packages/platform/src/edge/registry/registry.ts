// The running registry: puts the parts together, follows changes of all processes, opens and closes its port.
import { AppError } from '@xinglin/core/errors'
import type { Settings } from '../../kernel/config.ts'
import { type OpenPort, openPort } from '../../kernel/listener.ts'
import { isLoopback } from '../../kernel/loopback.ts'
import type { Ports, Registry } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import type { ListenerTls } from '../../kernel/tls-server.ts'
import type { Reach, Transport } from '../../kernel/transport.ts'
import { createLeadership, type Timing } from './checks/leadership.ts'
import { type Shortest, usualShortest } from './definitions/check.ts'
import { holdsToken } from './http/guard.ts'
import { createHandler } from './http/handler.ts'
import type { RouteParts } from './http/route.ts'
import { createInstances } from './instances.ts'
import { nodeOf } from './node.ts'
import type { registrySettings } from './settings.ts'
import { registryChannel } from './store/changes.ts'
import { shareOf } from './store/share.ts'
import { createWakeUps, type WakeUps } from './wake-ups.ts'

/** The registry's settings as read. */
export type RegistrySettings = Settings<typeof registrySettings>

/** The common ports that the registry needs; it is itself the port `registry`. */
export type RegistryPorts = Pick<Ports, 'sql' | 'log' | 'ids'> & Partial<Ports>

/** What the composition root may set at the registry alone. */
export interface RegistryExtra extends Reach {
  /** Another rhythm than the usual; tests are in a hurry. */
  readonly timing?: Partial<Timing>
  readonly shortest?: Partial<Shortest>
  /** With it a second port takes the processes of the system, over TLS with both sides known. */
  readonly tls?: ListenerTls | undefined
  /** How checks reach services of the system that listen with TLS. */
  readonly transport?: Transport | undefined
  /** Lets its holder write keys below `xinglin/` where no token is set; without it nobody may. */
  readonly ownKey?: string | undefined
}

/** A created registry; its address is known after `start`. */
export interface RunningRegistry extends RunningService {
  /** The kernel's port, in this process; lists are filled after `start`. */
  readonly port: Registry
  /** @throws Error before `start` */
  readonly addresses: () => { readonly url: string }
}

const usualTiming: Timing = {
  sweepEveryMs: 1000,
  leaseMs: 3000,
  forgivenGapMs: 10_000,
  memoryMs: 900_000,
  maxRunningChecks: 256,
}
const reloadRetryMs = 500

function checkExposure({ host, token }: RegistrySettings): void {
  if (!isLoopback(host) && token === undefined) {
    throw new AppError('invalid-parameter', 'REGISTRY_TOKEN must be set when REGISTRY_HOST is not a loopback address')
  }
}

type Ended = () => Promise<void>

// Lists and checks follow what changes, whichever process changed it.
function followChanges(parts: {
  readonly log: RegistryPorts['log']
  readonly wakeUps: WakeUps
  readonly instances: ReturnType<typeof createInstances>
  readonly leadership: ReturnType<typeof createLeadership>
}): (payload: string) => void {
  const { log, wakeUps, instances, leadership } = parts
  const reloadUntilDone = (): void => {
    instances.reload().catch((error: unknown) => {
      log.warn('registry.reload.failed', { error })
      setTimeout(reloadUntilDone, reloadRetryMs).unref()
    })
  }
  return (payload) => {
    wakeUps.wake(payload)
    if (payload !== '' && !payload.includes('"checks"') && !payload.includes('"services"')) return
    reloadUntilDone()
    leadership.checksChanged()
  }
}

/** Creates a registry; nothing listens yet. */
export async function createRegistry(
  ports: RegistryPorts,
  settings: RegistrySettings,
  extra: RegistryExtra = {},
): Promise<RunningRegistry> {
  checkExposure(settings)
  const { log, ids } = ports
  const { tls, transport, ownKey, allowsLinkLocal = false } = extra
  const { token, allowedHosts } = settings
  const sql = shareOf(ports.sql)
  const node = nodeOf(settings.host)
  const wakeUps = createWakeUps(settings.maxWaiting)
  const instances = createInstances(sql, log, node.address)
  const state: { port: OpenPort | undefined; readonly stops: Ended[] } = { port: undefined, stops: [] }
  const host = node.address.includes(':') ? `[${node.address}]` : node.address
  const ownAddress = (): string => `${host}:${state.port?.port ?? settings.port}`
  const random = Math.random
  const timing = { ...usualTiming, ...extra.timing }
  const leadership = createLeadership({
    ...{ sql: ports.sql, sharedSql: sql, log, ids, timing, ownAddress, random, transport, reach: { allowsLinkLocal } },
  })
  // Who has the token may do everything; where none is wanted, the settings of the system want the system's own key.
  const mayConfigure: RouteParts['mayConfigure'] = ({ request, query }) =>
    token !== undefined || (ownKey !== undefined && holdsToken(request, query, ownKey))
  const shortest = { ...usualShortest, ...extra.shortest }
  const parts: RouteParts = {
    ...{ sql, ids, log, wakeUps, node, ownAddress, shortest, random, mayConfigure, allowsLinkLocal },
  }
  const handler = createHandler(parts, { token, allowedHosts })
  const open = async (address: Parameters<typeof openPort>[0]): Promise<OpenPort> => {
    const port = await openPort(address, handler)
    state.stops.push(port.close)
    return port
  }
  return {
    port: instances.port,
    async start() {
      state.stops.push(await sql.listen(registryChannel, followChanges({ log, wakeUps, instances, leadership })))
      await instances.reload()
      state.port = await open({ host: settings.host, port: settings.port, setting: 'REGISTRY_PORT' })
      if (tls !== undefined)
        await open({ host: settings.host, port: settings.tlsPort, setting: 'REGISTRY_TLS_PORT', tls })
      state.stops.push(async () => wakeUps.close())
      leadership.start()
      state.stops.push(() => leadership.close())
    },
    ready: async () => (instances.isLoaded() ? [] : ['the registry has not loaded its services yet']),
    async close() {
      for (const stop of state.stops.splice(0).reverse()) await stop()
    },
    addresses() {
      if (state.port === undefined) throw new Error('The registry has not been started')
      return { url: state.port.url }
    },
  }
}
