// One consumer of the outbox in this process: fetches what is final, hands each partition its events in order, retries,
// gives up into the dead letters, and moves the cursor only after the work is done.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { bury } from './dead-letters.ts'
import { advance, type Batch, closeWindows, fetchBatches, passOver } from './outbox-feed.ts'
import { type LeaseHolder, releaseLeases, renewLeases } from './outbox-lease.ts'
import type { DeliveredEvent, Logger, Telemetry } from './ports.ts'
import type { Sql } from './sql.ts'
import { parseTraceparent } from './trace.ts'

/** What a consumer does with which topics. */
export interface Subscription {
  readonly consumer: string
  readonly topics: readonly string[]
  readonly handle: (event: DeliveredEvent) => Promise<void>
}

/** What a consumer works with. */
export interface ConsumerTools {
  readonly sql: Sql
  readonly log: Logger
  readonly holder: string
  readonly retry: RetryPolicy
  readonly telemetry: Telemetry
}

/** How often and how patiently an event is tried. */
export interface RetryPolicy {
  readonly attempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** Longest run of a handler. */
  readonly limitMs: number
}

/** A running consumer. */
export interface Consumer {
  /** Looks for events now, unless those that came are of other topics. */
  wake(topics?: ReadonlySet<string>): void
  close(): Promise<void>
}

const perPartition = 100
const idlePollMs = 1000
// Events above the watermark become final when older transactions end, of which nobody tells: look again soon after a wake-up.
const soonPollMs = 25
const soonPolls = 40
const renewEveryMs = 3000
const passOverEveryMs = 20_000

class Stopped extends Error {}

// A handler that hangs must not hold its partition for ever; it counts as failed and is tried again.
async function withinLimit(work: Promise<void>, limitMs: number): Promise<void> {
  const timer = new AbortController()
  const late = delay(limitMs, undefined, { signal: timer.signal }).then(
    () => {
      throw new AppError('timeout', 'The handler of the event did not come to an end in time')
    },
    () => undefined, // the work was done first
  )
  await Promise.race([work, late]).finally(() => timer.abort())
}

// What follows from a change stands below it in its trace; what was not traced begins no trace.
async function handleTraced(event: DeliveredEvent, subscription: Subscription, telemetry: Telemetry): Promise<void> {
  const parent = parseTraceparent(event.trace)
  if (parent === undefined) return subscription.handle(event)
  const [service = ''] = subscription.consumer.split('.') // consumers are named after their room
  const span = telemetry.startEntry(`process ${event.topic}`, { kind: 'consumer', service, parent })
  span.set('messaging.system', 'xinglin.outbox')
  span.set('messaging.destination.name', event.topic)
  span.set('messaging.delivery.attempt', event.attempt)
  try {
    await telemetry.within(span, () => subscription.handle(event))
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

async function deliver(
  event: DeliveredEvent,
  subscription: Subscription,
  tools: ConsumerTools,
  stop: AbortSignal,
): Promise<void> {
  const { attempts, firstDelayMs, maxDelayMs } = tools.retry
  const { consumer } = subscription
  for (let attempt = 1; ; attempt++) {
    if (stop.aborted) throw new Stopped()
    try {
      await withinLimit(handleTraced({ ...event, attempt }, subscription, tools.telemetry), tools.retry.limitMs)
      return
    } catch (error) {
      const ids = { consumer, event: event.id, topic: event.topic, attempt }
      if (attempt >= attempts) {
        tools.log.error('outbox.dead-letter', { ...ids, error })
        const reason = error instanceof AppError ? error.code : String((error as Partial<Error>).name)
        await bury(tools.sql, consumer, { ...event, attempt }, reason)
        return
      }
      tools.log.warn('outbox.retry', { ...ids, error })
      const backOffMs = Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs) * (0.5 + Math.random() / 2)
      await delay(backOffMs, undefined, { signal: stop }).catch(() => undefined)
    }
  }
}

async function deliverBatch(
  batch: Batch,
  subscription: Subscription,
  tools: ConsumerTools,
  stop: AbortSignal,
): Promise<void> {
  const lease: LeaseHolder = { consumer: subscription.consumer, holder: tools.holder }
  let lastId: number | undefined
  try {
    for (const event of batch.events) {
      await deliver(event, subscription, tools, stop)
      lastId = event.id
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    if (lastId !== undefined && !(await advance(tools.sql, lease, batch, lastId))) {
      tools.log.warn('outbox.lease-lost', { consumer: subscription.consumer, part: batch.part })
    }
  }
}

interface Loop {
  readonly subscription: Subscription
  readonly tools: ConsumerTools
  readonly lease: LeaseHolder
  readonly stop: AbortController
  readonly working: Map<number, Promise<void>>
  wake: () => void
  isAwake: boolean
  soon: number
  renewedAt: number
  passedOverAt: number
  /** A cursor may stand in a window in which nothing is left. */
  mayBeOpen: boolean
}

async function sleep(loop: Loop): Promise<void> {
  if (loop.isAwake || loop.stop.signal.aborted) return
  const timer = new AbortController()
  const woken = new Promise<void>((resolve) => {
    loop.wake = resolve
  })
  const ms = loop.soon > 0 ? soonPollMs : idlePollMs
  loop.soon = Math.max(0, loop.soon - 1)
  await Promise.race([woken, delay(ms, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
}

function begin(loop: Loop, batch: Batch): void {
  const { subscription, tools, working } = loop
  const { consumer } = subscription
  const work = deliverBatch(batch, subscription, tools, loop.stop.signal)
    .catch((error: unknown) => tools.log.warn('outbox.batch.failed', { consumer, part: batch.part, error }))
    .finally(() => {
      working.delete(batch.part)
      loop.mayBeOpen = true
      loop.isAwake = true
      loop.wake()
    })
  working.set(batch.part, work)
}

async function pass(loop: Loop): Promise<void> {
  const { sql } = loop.tools
  if (performance.now() - loop.renewedAt > renewEveryMs) {
    await renewLeases(sql, loop.lease, loop.renewedAt === Number.NEGATIVE_INFINITY)
    loop.renewedAt = performance.now()
    loop.mayBeOpen = true // those that another process left
  }
  const request = { ...loop.lease, topics: loop.subscription.topics, perPartition, except: [...loop.working.keys()] }
  const batches = await fetchBatches(sql, request)
  for (const batch of batches) begin(loop, batch)
  if (batches.length > 0) return
  if (loop.mayBeOpen) {
    loop.mayBeOpen = await closeWindows(sql, request)
    if (loop.mayBeOpen) loop.isAwake = true
  }
  if (performance.now() - loop.passedOverAt < passOverEveryMs) return
  loop.passedOverAt = performance.now()
  await passOver(sql, request)
}

async function runLoop(loop: Loop): Promise<void> {
  const { stop, tools, lease } = loop
  while (!stop.signal.aborted) {
    loop.isAwake = false
    try {
      await pass(loop)
    } catch (error) {
      tools.log.warn('outbox.pass.failed', { consumer: lease.consumer, error })
      await delay(idlePollMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    await sleep(loop)
  }
}

/** Starts a consumer: leases partitions, then delivers until it is closed. */
export function startConsumer(subscription: Subscription, tools: ConsumerTools): Consumer {
  const lease: LeaseHolder = { consumer: subscription.consumer, holder: tools.holder }
  const loop: Loop = {
    subscription,
    tools,
    lease,
    stop: new AbortController(),
    working: new Map(),
    wake: () => undefined,
    isAwake: false,
    soon: 0,
    renewedAt: Number.NEGATIVE_INFINITY,
    passedOverAt: performance.now(),
    mayBeOpen: true,
  }
  const running = runLoop(loop)
  return {
    wake(topics) {
      if (topics !== undefined && !subscription.topics.some((topic) => topics.has(topic))) return
      loop.isAwake = true
      loop.soon = soonPolls
      loop.wake()
    },
    async close() {
      loop.stop.abort()
      loop.wake()
      await running
      await Promise.all(loop.working.values())
      await releaseLeases(tools.sql, lease).catch((error: unknown) =>
        tools.log.warn('outbox.release.failed', { error }),
      )
    },
  }
}
