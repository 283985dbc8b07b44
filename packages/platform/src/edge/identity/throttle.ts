// Bounds the tries to guess a password: per name and address, per name from everywhere, per address whatever the name.
import { isIP } from 'node:net'
import { AppError } from '@xinglin/core/errors'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/ports.ts'

/** Bounds tries in this process. */
export interface Throttle {
  /** @throws AppError 'too-many-requests' */
  count(username: string, address: string): void
  /** After a success: guesses are what is counted, not the busy day of a shared name. */
  forgive(username: string, address: string): void
}

interface Policy {
  readonly ratePerSecond: number
  readonly burst: number
}

interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

// Five tries at once for a name from one address, fifty from all, twenty for an address whatever the name; then one every
// twelve, two and three seconds. Whoever guesses from one place so locks nobody out elsewhere.
const perNameThere: Policy = { ratePerSecond: 1 / 12, burst: 5 }
const perName: Policy = { ratePerSecond: 1 / 2, burst: 50 }
const perAddress: Policy = { ratePerSecond: 1 / 3, burst: 20 }
const maxBuckets = 10_000

// One subscriber of IPv6 has a whole /64.
function placeOf(address: string): string {
  return isIP(address) === 6 ? address.split(':').slice(0, 4).join(':') : address
}

/** Creates it. */
export function createThrottle(clock: Clock): Throttle {
  const buckets = new LRUCache<string, Bucket>({ max: maxBuckets })
  const take = (key: string, { ratePerSecond, burst }: Policy): number => {
    const nowMs = clock.monotonicMs()
    const before = buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    const tokens = Math.min(burst, before.tokens + ((nowMs - before.atMs) * ratePerSecond) / 1000)
    buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs })
    return tokens < 1 ? Math.ceil((1 - tokens) / ratePerSecond) : 0
  }
  return {
    count(username, address) {
      for (const [key, policy] of [
        [`address ${placeOf(address)}`, perAddress],
        [`name there ${placeOf(address)} ${username}`, perNameThere],
        [`name ${username}`, perName],
      ] as const) {
        const retryAfterSeconds = take(key, policy)
        if (retryAfterSeconds === 0) continue
        throw new AppError('too-many-requests', `Too many tries to sign in; wait ${retryAfterSeconds} seconds`, {
          retryAfterSeconds,
        })
      }
    },
    forgive: (username, address) => void buckets.delete(`name there ${placeOf(address)} ${username}`),
  }
}
