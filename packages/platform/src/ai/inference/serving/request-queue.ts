// The queue of one served version: priorities, limits of size and time, and which requests make the next batch (no timers here).
import type { DynamicBatching, ModelConfig, QueuePolicy } from '../model-config/model-config.ts'
import { invalid, TritonError } from '../protocol/triton-error.ts'

/** A request that waits. */
export interface Queued {
  readonly batchSize: number
  /** Requests with the same key can share a batch. */
  readonly key: string
  /** 1 is the highest; 0: the usual one. */
  readonly priority: number
  /** Longest wait; 0: as the model says. */
  readonly timeoutUs: number
  readonly enqueuedMs: number
  refuse(error: TritonError): void
}

/** A batch to run now, or how long to wait for a better one; undefined when nothing waits. */
export type Next<Item> = { readonly batch: readonly Item[] } | { readonly waitMs: number } | undefined

/** A queue. */
export interface RequestQueue<Item extends Queued> {
  /** @throws TritonError when the queue is full or the priority does not exist */
  add(item: Item): void
  /** Takes a request out that was given up; false when it waits no more. */
  remove(item: Item): boolean
  next(nowMs: number): Next<Item>
  /** Refuses those who waited too long; gives the milliseconds until the next such moment (infinite when there is none). */
  expire(nowMs: number): number
  size(): number
  /** Takes all out. */
  drain(): readonly Item[]
}

const ownLimit = 1000

interface Waiting<Item> {
  readonly item: Item
  readonly level: number
  readonly untilMs: number
  readonly policy: QueuePolicy
}

const plainPolicy: QueuePolicy = {
  timeout_action: 'REJECT',
  default_timeout_microseconds: 0,
  allow_timeout_override: false,
  max_queue_size: 0,
}

function policyOf(batching: DynamicBatching | undefined, level: number): QueuePolicy {
  return batching?.priority_queue_policy[String(level)] ?? batching?.default_queue_policy ?? plainPolicy
}

function levelOf(batching: DynamicBatching | undefined, priority: number): number {
  const levels = batching?.priority_levels ?? 0
  if (levels === 0) return 0
  if (priority > levels) throw invalid(`priority must be from 1 to ${levels}`)
  return priority === 0 ? (batching?.default_priority_level ?? 1) : priority
}

function untilOf(item: Queued, policy: QueuePolicy): number {
  const usual = policy.default_timeout_microseconds
  const own = policy.allow_timeout_override && item.timeoutUs > 0 ? item.timeoutUs : usual
  const limitUs = usual > 0 && own > 0 ? Math.min(own, usual) : own
  return limitUs > 0 ? item.enqueuedMs + limitUs / 1000 : Number.POSITIVE_INFINITY
}

// The longest run of requests, from the first, that can share a batch with it; and whether waiting could make it longer.
function collect<Item extends Queued>(waiting: readonly Waiting<Item>[], largest: number) {
  const first = waiting[0]?.item
  const fitting: Waiting<Item>[] = []
  let total = 0
  for (const one of waiting) {
    if (one.item.key !== first?.key) continue
    if (total + one.item.batchSize > largest) return { fitting, total, canGrow: false }
    fitting.push(one)
    total += one.item.batchSize
  }
  return { fitting, total, canGrow: total < largest }
}

// The longest beginning whose size is one of the preferred.
function preferredPart<Item extends Queued>(fitting: readonly Waiting<Item>[], preferred: readonly number[]) {
  let total = 0
  let best = 0
  for (const [at, { item }] of fitting.entries()) {
    total += item.batchSize
    if (preferred.includes(total)) best = at + 1
  }
  return fitting.slice(0, best)
}

/** Creates the queue of a model. */
export function createRequestQueue<Item extends Queued>(config: ModelConfig): RequestQueue<Item> {
  const { dynamic_batching: batching, max_batch_size: largest } = config
  const state: { waiting: Waiting<Item>[] } = { waiting: [] }
  const preferred = batching?.preferred_batch_size.length ? batching.preferred_batch_size : [largest]
  const delayMs = (batching?.max_queue_delay_microseconds ?? 0) / 1000

  // Requests that waited too long are refused, or come last where the policy says so.
  const order = (nowMs: number): readonly Waiting<Item>[] => {
    const late = state.waiting.filter(({ untilMs, policy }) => nowMs >= untilMs && policy.timeout_action === 'REJECT')
    if (late.length > 0) state.waiting = state.waiting.filter((one) => !late.includes(one))
    for (const { item } of late) item.refuse(new TritonError('UNAVAILABLE', 'Request timeout expired'))
    const delayed = state.waiting.filter(({ untilMs }) => nowMs >= untilMs)
    return delayed.length === 0 ? state.waiting : [...state.waiting.filter((one) => !delayed.includes(one)), ...delayed]
  }
  const take = (batch: readonly Waiting<Item>[]): Next<Item> => {
    state.waiting = state.waiting.filter((one) => !batch.includes(one))
    return { batch: batch.map(({ item }) => item) }
  }
  return {
    add(item) {
      const level = levelOf(batching, item.priority)
      const policy = policyOf(batching, level)
      const limit = policy.max_queue_size === 0 ? ownLimit : Math.min(policy.max_queue_size, ownLimit)
      const inLevel = state.waiting.filter((one) => one.level === level).length
      if (inLevel >= limit || state.waiting.length >= ownLimit) {
        throw new TritonError('UNAVAILABLE', `Exceeds maximum queue size of ${limit} for model '${config.name}'`)
      }
      const place = { item, level, policy, untilMs: untilOf(item, policy) }
      const at = state.waiting.findLastIndex((one) => one.level <= level) + 1
      state.waiting.splice(at, 0, place)
    },
    remove(item) {
      const before = state.waiting.length
      state.waiting = state.waiting.filter((one) => one.item !== item)
      return state.waiting.length < before
    },
    next(nowMs) {
      const waiting = order(nowMs)
      const [first] = waiting
      if (first === undefined) return undefined
      if (batching === undefined) return take([first])
      const { fitting, canGrow } = collect(waiting, largest)
      const best = preferredPart(fitting, preferred)
      if (best.length > 0) return take(best)
      const oldestMs = Math.min(...fitting.map(({ item }) => item.enqueuedMs))
      const leftMs = oldestMs + delayMs - nowMs
      if (leftMs <= 0 || !canGrow) return take(fitting)
      const untilMs = Math.min(...waiting.map((one) => one.untilMs))
      return { waitMs: Math.max(0, Math.min(leftMs, untilMs - nowMs)) }
    },
    expire(nowMs) {
      order(nowMs)
      return Math.min(Number.POSITIVE_INFINITY, ...state.waiting.map(({ untilMs }) => untilMs - nowMs))
    },
    size: () => state.waiting.length,
    drain() {
      const all = state.waiting.map(({ item }) => item)
      state.waiting = []
      return all
    },
  }
}
