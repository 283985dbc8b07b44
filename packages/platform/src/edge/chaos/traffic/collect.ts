// Takes what the gateway of this process has counted into the table of minutes, now and then.
import type { Clock, Logger, Metrics } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { addedSince, gatewayCounts, type ServiceCounts } from './gateway-counts.ts'
import { addTraffic, dropTraffic } from './traffic-store.ts'

/** What collecting takes. */
export interface CollectOptions {
  readonly sql: Sql
  readonly metrics: Pick<Metrics, 'exposition'>
  readonly clock: Clock
  readonly log: Logger
}

/** A collection under way. */
export interface Collection {
  /** Takes what has been counted since the last time. */
  collect(): Promise<void>
  close(): Promise<void>
}

const everyMs = 15_000
const minuteMs = 60_000
const keepMs = 86_400_000

/** Starts collecting. */
export function startCollecting({ sql, metrics, clock, log }: CollectOptions): Collection {
  const last = new Map<string, ServiceCounts>()
  const state = { running: Promise.resolve() }
  const take = async (): Promise<void> => {
    const now = gatewayCounts((await metrics.exposition()).text)
    if (now.size === 0) return
    const nowMs = clock.now().getTime()
    const minute = new Date(nowMs - (nowMs % minuteMs))
    for (const [service, counts] of now) {
      const added = addedSince(last.get(service), counts)
      if (added.requests > 0) await addTraffic(sql, minute, { service, ...added })
      last.set(service, counts)
    }
    await dropTraffic(sql, new Date(nowMs - keepMs))
  }
  // What could not be written is counted again the next time.
  const collect = (): Promise<void> => {
    state.running = state.running.then(take).catch((error: unknown) => log.warn('chaos.traffic.failed', { error }))
    return state.running
  }
  const timer = setInterval(collect, everyMs).unref()
  return {
    collect,
    async close() {
      clearInterval(timer)
      await collect()
    },
  }
}
