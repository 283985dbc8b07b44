// Where services can be reached: instances that the registry tells of, and follows for us.
import type { Instance, Registry } from '../../../kernel/ports.ts'
import type { CircuitRules } from '../balancing/circuit.ts'

/** An address to try. */
export interface Origin {
  readonly id: string
  /** `http://host:port`. */
  readonly url: string
  /** When it is to be left alone, where that was defined. */
  readonly rules?: CircuitRules
  /** What the request's Host shall be, where that was defined. */
  readonly hostHeader?: string
}

/** The instances of all followed names. */
export interface Origins {
  /** Healthy instances of a name; undefined when the registry knows none. */
  instancesOf(name: string): readonly Instance[] | undefined
  /** The same, the next in turn first. */
  inTurn(name: string): readonly Instance[] | undefined
  /** Follows exactly these names from now on. */
  follow(names: readonly string[]): void
  close(): void
}

interface Followed {
  healthy: readonly Instance[]
  turn: number
  stop: () => void
}

/** A host as addresses and Host have it: IPv6 in brackets (RFC 3986, 3.2.2). */
export const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Writes an origin. */
export function originUrl(protocol: string, host: string, port: number): string {
  return `${protocol}://${hostInUrl(host)}:${port}`
}

const healthyOf = (instances: readonly Instance[]): readonly Instance[] => instances.filter(({ healthy }) => healthy)

/** Creates origins that follow nothing yet. */
export function createOrigins(registry: Registry): Origins {
  const followed = new Map<string, Followed>()
  const start = (name: string): void => {
    const entry: Followed = { healthy: healthyOf(registry.instances(name)), turn: 0, stop: () => undefined }
    followed.set(name, entry)
    entry.stop = registry.watch(name, (instances) => {
      entry.healthy = healthyOf(instances)
    })
  }
  const instancesOf = (name: string): readonly Instance[] | undefined => {
    const healthy = followed.get(name)?.healthy ?? healthyOf(registry.instances(name))
    return healthy.length === 0 ? undefined : healthy
  }
  return {
    instancesOf,
    inTurn(name) {
      const healthy = instancesOf(name)
      const entry = followed.get(name)
      if (healthy === undefined || entry === undefined) return healthy
      const turn = entry.turn++ % healthy.length
      return turn === 0 ? healthy : [...healthy.slice(turn), ...healthy.slice(0, turn)]
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
