// The transactional outbox: events are stored with the change they tell of and delivered at least once, in order per key.
import { setTimeout as delay } from 'node:timers/promises'
import { type DeadLetter, listDeadLetters, revive } from './dead-letters.ts'
import { type Consumer, type RetryPolicy, type Subscription, startConsumer } from './outbox-consumer.ts'
import { rebaseAfterRestore } from './outbox-lease.ts'
import { insertEvents, sweep } from './outbox-store.ts'
import type { Events, Logger, Telemetry } from './ports.ts'
import type { Sql } from './sql.ts'
import { noTelemetry } from './telemetry/index.ts'

export type { DeadLetter } from './dead-letters.ts'
export { kernelSql } from './outbox-store.ts'

/** Options of {@link createEvents}. */
export interface EventsOptions {
  readonly sql: Sql
  readonly log: Logger
  /** Names this process among those that lease partitions; unique, e.g. a UUID. */
  readonly owner: string
  readonly retry?: RetryPolicy
  /** Default: none. */
  readonly telemetry?: Telemetry
}

/** The outbox with its life cycle and what could not be delivered. */
export interface RunningEvents extends Events {
  /** Starts the consumers subscribed so far; later ones start at once. */
  start(): Promise<void>
  close(): Promise<void>
  /** The newest dead letters, at most `limit` (default 100). */
  deadLetters(limit?: number): Promise<readonly DeadLetter[]>
  /** Publishes a dead letter anew; false when there is none with this id. */
  redeliver(id: number): Promise<boolean>
}

const channel = 'xinglin_outbox'
const notifyEveryMs = 20
const sweepEveryMs = 60_000
const defaultRetry: RetryPolicy = { attempts: 8, firstDelayMs: 100, maxDelayMs: 10_000, limitMs: 60_000 }

const longestPayload = 7000 // PostgreSQL takes less than 8000 bytes

// NOTIFY inside the writing transactions would make their commits wait for each other, so it is sent after them, gathered.
function createNotifier(sql: Sql, log: Logger): (topics: ReadonlySet<string>) => void {
  const state: { timer?: NodeJS.Timeout } = {}
  const gathered = new Set<string>()
  return (topics) => {
    for (const topic of topics) gathered.add(topic)
    state.timer ??= setTimeout(() => {
      delete state.timer
      const told = [...gathered].join(' ')
      gathered.clear()
      const payload = told.length > longestPayload ? '' : told
      sql
        .query({ name: 'kernel.outbox.notify', text: 'SELECT pg_notify($1, $2)', values: [channel, payload] })
        .catch((error: unknown) => log.debug('outbox.notify.failed', { error })) // consumers also look every second
    }, notifyEveryMs).unref()
  }
}

async function sweepUntil(stop: AbortSignal, sql: Sql, log: Logger): Promise<void> {
  while (!stop.aborted) {
    await delay(sweepEveryMs, undefined, { signal: stop, ref: false }).catch(() => undefined)
    if (stop.aborted) return
    const removed = await sweep(sql).catch((error: unknown) => log.warn('outbox.sweep.failed', { error }))
    if (typeof removed === 'number' && removed > 0) log.debug('outbox.swept', { removed })
  }
}

/** Creates the outbox of a process; its tables come with {@link kernelSql}. */
export function createEvents(options: EventsOptions): RunningEvents {
  const { sql, log, owner, telemetry = noTelemetry } = options
  const tools = { sql, log, telemetry, holder: owner, retry: options.retry ?? defaultRetry }
  const subscriptions: Subscription[] = []
  const consumers: Consumer[] = []
  const stop = new AbortController()
  const state: { isStarted: boolean; unlisten?: () => Promise<void>; sweeping?: Promise<void> } = { isStarted: false }
  const notifyOthers = createNotifier(sql, log)
  const wakeAll = (topics?: ReadonlySet<string>): void => {
    for (const consumer of consumers) consumer.wake(topics)
  }
  // Without a word of what came, it may be anything: after a loss of the connection, or from a process of before.
  const onNotify = (payload: string): void => wakeAll(payload === '' ? undefined : new Set(payload.split(' ')))

  return {
    async publish(tx, events) {
      if (events.length === 0) return
      const span = telemetry.active()
      await insertEvents(tx, events, span?.isSampled === true ? span.traceparent : undefined)
      const topics = new Set(events.map(({ topic }) => topic))
      tx.afterCommit(() => {
        telemetry.within(undefined, () => {
          wakeAll(topics)
          notifyOthers(topics)
        })
      })
    },
    subscribe(consumer, topics, handle) {
      if (subscriptions.some((known) => known.consumer === consumer))
        throw new Error(`The consumer ${consumer} is subscribed twice`)
      const subscription = { consumer, topics: [...topics], handle }
      subscriptions.push(subscription)
      if (state.isStarted) consumers.push(startConsumer(subscription, tools))
    },
    async start() {
      if (await rebaseAfterRestore(sql))
        log.warn('outbox.rebased', { reason: 'the database was restored into another cluster' })
      state.isStarted = true
      state.unlisten = await sql.listen(channel, onNotify)
      consumers.push(...subscriptions.map((subscription) => startConsumer(subscription, tools)))
      state.sweeping = sweepUntil(stop.signal, sql, log)
    },
    async close() {
      stop.abort()
      state.isStarted = false
      await Promise.all(consumers.map((consumer) => consumer.close()))
      await state.unlisten?.()
      await state.sweeping
    },
    deadLetters: (limit = 100) => listDeadLetters(sql, limit),
    async redeliver(id) {
      const isRevived = await revive(sql, id)
      if (isRevived) wakeAll()
      return isRevived
    },
  }
}
