// Blocking queries: read, and while the index is not beyond the one the client has seen, wait for a change and read again.
import type { Interest, WakeUps } from '../wake-ups.ts'
import type { AnswerHeaders } from './answer.ts'
import type { Blocking } from './query.ts'

/** What was read, and the index it stands at. */
export interface Indexed<T> {
  readonly index: number
  readonly value: T
  /** True when there is nothing there: such a read also ends when a neighbour changes. */
  readonly isMissing?: boolean
}

/** A read that can wait. */
export interface BlockingRead<T> {
  readonly interest: Interest
  readonly read: () => Promise<Indexed<T>>
}

/** The headers that every read carries. */
export function indexHeaders(index: number): AnswerHeaders {
  return {
    'X-Consul-Index': String(Math.max(1, index)),
    'X-Consul-KnownLeader': 'true',
    'X-Consul-LastContact': '0',
  }
}

/** Runs a read; waits when the client asks for news beyond its index. Ends at once when `signal` fires. */
export async function readBlockingly<T>(
  wakeUps: WakeUps,
  { interest, read }: BlockingRead<T>,
  blocking: Blocking,
  signal: AbortSignal,
): Promise<Indexed<T>> {
  if (blocking.index === 0) return read()
  const until = performance.now() + blocking.waitMs
  const waiter = wakeUps.open(interest)
  try {
    for (;;) {
      const found = await read()
      waiter.mindNeighbours(found.isMissing === true)
      // An index that went backwards (a restored database) is told at once, so that the client starts anew.
      if (found.index !== blocking.index) return found
      const leftMs = until - performance.now()
      if (leftMs <= 0 || !(await waiter.woken(leftMs, signal))) return found
    }
  } finally {
    waiter.close()
  }
}
