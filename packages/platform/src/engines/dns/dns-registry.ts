// The kernel's port Registry where names lead to services (Kubernetes, or any DNS): nothing is registered, a name is looked up.
import { lookup } from 'node:dns/promises'
import { AppError } from '@xinglin/core/errors'
import type { Instance, Logger, Registry } from '../../kernel/ports.ts'

/** Options of {@link createDnsRegistry}. */
export interface DnsRegistryOptions {
  /** `host:port` with `{service}` in the host, e.g. `{service}.xinglin.svc.cluster.local:8000`. */
  readonly pattern: string
  readonly log: Logger
  /** Resolves when the host has an address; default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<unknown>
  /** Pause between two looks at a name that is in use; default 5 s. */
  readonly everyMs?: number
}

/** The port, with a way to end it. */
export type DnsRegistry = Registry & { close(): Promise<void> }

interface Followed {
  instances: readonly Instance[]
  readonly watchers: Set<(instances: readonly Instance[]) => void>
  isLooking: boolean
}

const maxFollowed = 256
const defaultEveryMs = 5000
const shape = /^([a-z0-9.{}-]{1,200}):(\d{1,5})$/i
// Names of services go into host names: anything else is no service of ours.
const serviceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

interface Place {
  readonly host: string
  readonly port: number
}

function placesOf(pattern: string): (service: string) => Place {
  const [, host = '', port = ''] = shape.exec(pattern) ?? []
  if (!host.includes('{service}') || Number(port) < 1 || Number(port) > 65_535) {
    throw new AppError(
      'invalid-parameter',
      `SERVICE_DNS is ${JSON.stringify(pattern)} and must be host:port with {service} in the host, e.g. {service}:8000`,
    )
  }
  return (service) => ({ host: host.replaceAll('{service}', service), port: Number(port) })
}

const unused = async (): Promise<void> => undefined

/**
 * Creates the port. One instance stands for a service: what is behind its name shares the load among replicas. It counts
 * as healthy until its name leads nowhere, and again when it does.
 * @throws AppError 'invalid-parameter' when the pattern cannot be one
 */
export function createDnsRegistry(options: DnsRegistryOptions): DnsRegistry {
  const { log, everyMs = defaultEveryMs, resolve = lookup } = options
  const placeOf = placesOf(options.pattern)
  const followed = new Map<string, Followed>()

  const look = async (service: string, entry: Followed): Promise<void> => {
    if (entry.isLooking) return
    entry.isLooking = true
    const { host } = placeOf(service)
    const isThere = await resolve(host).then(
      () => true,
      () => false,
    )
    entry.isLooking = false
    const [instance] = entry.instances
    if (instance === undefined || instance.healthy === isThere) return
    log[isThere ? 'info' : 'warn']('discovery.changed', { service, host, isThere })
    entry.instances = Object.freeze([{ ...instance, healthy: isThere }])
    for (const watcher of entry.watchers) watcher(entry.instances)
  }

  const lookAtAll = (): void => {
    for (const [service, entry] of followed) void look(service, entry)
  }
  const timer = setInterval(lookAtAll, everyMs).unref()

  const follow = (service: string): Followed => {
    const known = followed.get(service)
    if (known !== undefined) return known
    const { host: address, port } = placeOf(service)
    const instance: Instance = { id: `${service}@${address}`, service, address, port, healthy: true, tags: [] }
    const isName = serviceName.test(service)
    const entry: Followed = { instances: isName ? [instance] : [], watchers: new Set(), isLooking: false }
    if (isName && followed.size < maxFollowed) {
      followed.set(service, entry)
      void look(service, entry)
    }
    return entry
  }

  return {
    register: unused,
    deregister: unused,
    instances: (service) => follow(service).instances,
    watch(service, onChange) {
      const entry = follow(service)
      entry.watchers.add(onChange)
      onChange(entry.instances)
      return () => entry.watchers.delete(onChange)
    },
    async close() {
      clearInterval(timer)
      followed.clear()
    },
  }
}
