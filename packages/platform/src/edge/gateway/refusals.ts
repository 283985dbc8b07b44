// Puts refused requests into the audit trail without letting a flood fill the disk: the first few of a kind one by one,
// the rest counted and told once a minute.
import type { Caller } from '../../kernel/caller.ts'
import type { Audit, Clock, Logger } from '../../kernel/ports.ts'

/** A refusal at the edge. */
export interface Refusal {
  readonly caller: Caller | undefined
  readonly address: string
  readonly method: string
  /** Without query: a query may hold a token. */
  readonly path: string
  readonly status: number
  readonly reason: string
  readonly traceId: string
}

/** The refusals of this process. */
export interface Refusals {
  /** Resolves when the refusal is durable or counted. */
  record(refusal: Refusal): Promise<void>
  /** Writes the counted ones down. */
  flush(): Promise<void>
  close(): Promise<void>
}

interface Group {
  readonly first: Refusal
  count: number
  written: number
}

// At most 10 rows a minute for one address and reason, 300 in all, and one sum for each of at most 1000 groups.
const perGroup = 10
const perMinute = 300
const maxGroups = 1000
const minuteMs = 60_000

const anonymous = (refusal: Refusal): Caller => ({
  subject: 'anonymous',
  name: 'Not identified',
  roles: [],
  scopes: [],
  purpose: 'TREAT',
  address: refusal.address,
})

const actions: Readonly<Record<string, 'C' | 'R' | 'U' | 'D'>> = { POST: 'C', PUT: 'U', PATCH: 'U', DELETE: 'D' }

function entry(refusal: Refusal, more: number): Parameters<Audit['record']>[0] {
  return {
    caller: refusal.caller ?? anonymous(refusal),
    action: actions[refusal.method] ?? 'R',
    interaction: more === 0 ? 'edge-refusal' : 'edge-refusals',
    outcome: 'refused',
    status: refusal.status,
    query: `${refusal.method} ${refusal.path.slice(0, 500)}`,
    traceId: refusal.traceId,
    reason: more === 0 ? refusal.reason : `${refusal.reason}; ${more} more like it within a minute`,
  }
}

/** Creates the recorder; its minute begins with the first refusal. */
export function createRefusals(audit: Audit, log: Logger, clock: Clock): Refusals {
  const state = { startedMs: clock.monotonicMs(), written: 0, groups: new Map<string, Group>(), beyond: 0 }
  const write = async (refusal: Refusal, more: number): Promise<void> => {
    try {
      await audit.record(entry(refusal, more))
    } catch (error) {
      log.error('gateway.refusal.unrecorded', { traceId: refusal.traceId, error })
    }
  }
  const flush = async (): Promise<void> => {
    const { groups, beyond } = state
    Object.assign(state, { startedMs: clock.monotonicMs(), written: 0, groups: new Map(), beyond: 0 })
    if (beyond > 0) log.warn('gateway.refusals.uncounted', { count: beyond })
    for (const { first, count, written } of groups.values()) {
      if (count > written) await write(first, count - written)
    }
  }
  const timer = setInterval(() => {
    flush().catch((error: unknown) => log.error('gateway.refusals.failed', { error }))
  }, minuteMs)
  timer.unref()
  return {
    async record(refusal) {
      const key = `${refusal.address} ${refusal.reason} ${refusal.status}`
      const group = state.groups.get(key)
      if (group === undefined && state.groups.size >= maxGroups) {
        state.beyond += 1
        return
      }
      const known = group ?? { first: refusal, count: 0, written: 0 }
      known.count += 1
      state.groups.set(key, known)
      if (known.written >= perGroup || state.written >= perMinute) return
      known.written += 1
      state.written += 1
      await write(refusal, 0)
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
