// The kernel's port Registry over Consul's HTTP API.
import type { Clock, Logger, Registry } from '../../kernel/ports.ts'
import { type ConsulAddress, createConsulHttp } from './consul-http.ts'
import { type Follower, followService } from './follower.ts'
import { deregisterInstance, keepRegistered, type Registration } from './registration.ts'

/** Options of {@link createConsulRegistry}. */
export interface ConsulRegistryOptions extends ConsulAddress {
  readonly log: Logger
  readonly clock: Clock
}

/** The port, with a way to end it. */
export type ConsulRegistry = Registry & {
  /** Whether the registry has told once where a service is, or that it is nowhere; it is followed from then on. */
  isKnown(service: string): boolean
  /** Takes away what was registered here, then ends all calls. */
  close(): Promise<void>
}

const maxFollowed = 256

/**
 * Creates the port. A service is followed from the first time somebody asks for it: `instances` is empty until the
 * registry has answered once, and keeps its last answer while the registry cannot be reached.
 * @throws AppError 'invalid-parameter' when the address cannot be one
 */
export function createConsulRegistry({ log, clock, ...address }: ConsulRegistryOptions): ConsulRegistry {
  const closing = new AbortController()
  const http = createConsulHttp(address, closing.signal)
  const followers = new Map<string, Follower>()
  const registrations = new Map<string, Registration>()
  const state = { isClosed: false }

  // Names asked for once and never watched must not be followed for ever.
  const makeRoom = (): void => {
    if (followers.size < maxFollowed) return
    const [oldest] = [...followers].filter(([, follower]) => !follower.isWatched())
    if (oldest === undefined) return
    followers.delete(oldest[0])
    void oldest[1].close()
  }

  const follow = (service: string): Follower => {
    const known = followers.get(service)
    if (known !== undefined) return known
    makeRoom()
    const follower = followService(service, { http, log, clock })
    followers.set(service, follower)
    return follower
  }

  const forget = async (id: string): Promise<void> => {
    const registration = registrations.get(id)
    registrations.delete(id)
    await registration?.stop()
    await deregisterInstance(http, id)
  }

  return {
    async register(instance) {
      await registrations.get(instance.id)?.stop()
      registrations.delete(instance.id)
      registrations.set(instance.id, await keepRegistered(http, log, instance))
    },
    deregister: forget,
    instances: (service) =>
      state.isClosed ? (followers.get(service)?.instances() ?? []) : follow(service).instances(),
    isKnown: (service) => !state.isClosed && follow(service).isKnown(),
    watch(service, onChange) {
      if (state.isClosed) throw new Error('The registry client is closed')
      return follow(service).watch(onChange)
    },
    async close() {
      state.isClosed = true
      const left = await Promise.allSettled([...registrations.keys()].map(forget))
      for (const { status } of left) if (status === 'rejected') log.warn('registry.not-deregistered')
      closing.abort()
      await Promise.all([...followers.values()].map((follower) => follower.close()))
      await http.close()
    },
  }
}
