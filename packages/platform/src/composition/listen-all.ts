// Lets the services of a split system listen for other processes, and takes them away again without a failed request.
import { setTimeout as delay } from 'node:timers/promises'
import { type OpenPort, openPort } from '../kernel/listener.ts'
import type { Clock, Ids, Registry } from '../kernel/ports.ts'
import { toldAddress } from './own-address.ts'
import type { LocalService } from './service-apps.ts'
import { createTraffic, type Traffic, untilQuiet } from './traffic.ts'
import type { ProcessTransport } from './transport.ts'

/** Where services listen when the system is split. */
export interface ListenOptions {
  readonly host: string
  /** What others are told instead, e.g. a name. */
  readonly address?: string | undefined
  /** Port of the first service, the next ones follow; 0 takes free ones. */
  readonly port: number
  /** What the instances are known by besides, e.g. their version. */
  readonly tags: readonly string[]
  readonly transport: ProcessTransport
  readonly registry: Registry
  readonly ids: Ids
  readonly clock: Clock
}

interface Listening {
  readonly id: string
  readonly port: OpenPort
  readonly traffic: Traffic
}

// A change of the registry reaches the others within milliseconds; requests that were under way come later.
const quiet = { quietMs: 500, limitMs: 5000 }
const deregisterMs = 4000
const retryMs = 200

async function listen(service: LocalService, index: number, options: ListenOptions): Promise<Listening | undefined> {
  const { name, app } = service
  if (app === undefined) return undefined
  const { host, registry, ids, clock, transport } = options
  const traffic = createTraffic(name, (request, response) => app.routing(request, response), clock)
  const asked = options.port === 0 ? 0 : options.port + index
  const tls = transport.listener(name)
  const port = await openPort({ host, port: asked, setting: 'SERVICE_PORT', tls }, traffic.listener)
  const id = `${name}-${ids.uuid()}`
  const address = toldAddress(host, options.address)
  const check = new URL('/health/ready', port.url)
  check.hostname = address.includes(':') ? `[${address}]` : address
  const checkUrl = check.href
  await registry.register({ id, service: name, address, port: port.port, tags: ['xinglin', ...options.tags], checkUrl })
  return { id, port, traffic }
}

// A busy registry may not answer in time: an instance that stays in it would be sent requests to its closed port.
async function deregister(registry: Registry, id: string): Promise<void> {
  const signal = AbortSignal.timeout(deregisterMs)
  for (;;) {
    try {
      return await registry.deregister(id)
    } catch (error) {
      if (signal.aborted) throw error
      await delay(retryMs)
    }
  }
}

/**
 * Lets the services listen and registers them. The result undoes it: it leaves the registry, waits until the others have
 * turned to other instances, answers what is under way, and closes the ports.
 */
export async function listenAll(
  services: readonly LocalService[],
  options: ListenOptions,
): Promise<() => Promise<void>> {
  const open: Listening[] = []
  const leave = async (): Promise<void> => {
    await Promise.allSettled(open.map(({ id }) => deregister(options.registry, id)))
    const traffics = open.map(({ traffic }) => traffic)
    for (const traffic of traffics) traffic.leave()
    await untilQuiet(traffics, quiet)
    await Promise.all(open.map(({ port }) => port.close()))
  }
  try {
    const withRoutes = services.filter(({ app }) => app !== undefined)
    for (const [index, service] of withRoutes.entries()) {
      const listening = await listen(service, index, options)
      if (listening !== undefined) open.push(listening)
    }
    return leave
  } catch (error) {
    await leave()
    throw error
  }
}
