// Where a service can be reached: instances that the registry follows, in turn, those that fail resting for a while.
import { type CircuitBreakers, createCircuitBreakers } from '../../../kernel/circuit-breaker.ts'
import type { Clock, Instance, Registry } from '../../../kernel/ports.ts'

/** An origin to try. */
export interface Origin {
  readonly id: string
  /** `http://host:port`. */
  readonly url: string
}

/** The origins of all names, followed through the registry. */
export interface Origins {
  /** Healthy instances of a name, the next in turn first, resting ones left out; undefined when the registry knows none. */
  of(name: string): readonly Origin[] | undefined
  /** Follows exactly these names from now on. */
  follow(names: readonly string[]): void
  readonly breakers: CircuitBreakers
  close(): void
}

interface Followed {
  instances: readonly Instance[]
  turn: number
  stop: () => void
}

/** Writes an origin; IPv6 addresses are bracketed. */
export function originUrl(protocol: string, host: string, port: number): string {
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Creates origins that follow nothing yet. */
export function createOrigins(registry: Registry, clock: Clock): Origins {
  const followed = new Map<string, Followed>()
  const breakers = createCircuitBreakers(clock)
  const start = (name: string): void => {
    const entry: Followed = { instances: registry.instances(name), turn: 0, stop: () => undefined }
    followed.set(name, entry)
    entry.stop = registry.watch(name, (instances) => {
      entry.instances = instances
    })
  }
  return {
    breakers,
    of(name) {
      const entry = followed.get(name)
      const healthy = (entry?.instances ?? registry.instances(name)).filter((instance) => instance.healthy)
      if (healthy.length === 0) return undefined
      const turn = entry === undefined ? 0 : entry.turn++ % healthy.length
      const inTurn = [...healthy.slice(turn), ...healthy.slice(0, turn)]
      const awake = inTurn.filter(({ id }) => breakers.allows(id))
      return awake.map(({ id, address, port }) => ({ id, url: originUrl('http', address, port) }))
    },
    follow(names) {
      for (const [name, entry] of followed) {
        if (names.includes(name)) continue
        entry.stop()
        followed.delete(name)
      }
      for (const name of names) if (!followed.has(name)) start(name)
    },
    close() {
      for (const entry of followed.values()) entry.stop()
      followed.clear()
    },
  }
}
