// How many retries a service may cost: a tenth of its requests and a few a second, so that an outage is not multiplied (pure).

/** The budget at a moment. */
export interface RetryBudget {
  readonly tokens: number
  /** Monotonic milliseconds of the last change. */
  readonly atMs: number
}

/** Retries that are in the budget at first, and that time alone refills it to. */
export const reserve = 10
const perRequest = 0.1
const perSecond = 1
const maxTokens = 100

function refilled(budget: RetryBudget | undefined, nowMs: number): RetryBudget {
  if (budget === undefined) return { tokens: reserve, atMs: nowMs }
  const waited = (Math.max(0, nowMs - budget.atMs) / 1000) * perSecond
  const tokens = Math.max(budget.tokens, Math.min(reserve, budget.tokens + waited))
  return { tokens, atMs: Math.max(nowMs, budget.atMs) }
}

/** The budget after a request that was no retry. */
export function afterRequest(budget: RetryBudget | undefined, nowMs: number): RetryBudget {
  const { tokens, atMs } = refilled(budget, nowMs)
  return { tokens: Math.min(maxTokens, tokens + perRequest), atMs }
}

/** Takes one retry out of the budget; undefined when there is none left. */
export function takeRetry(budget: RetryBudget | undefined, nowMs: number): RetryBudget | undefined {
  const { tokens, atMs } = refilled(budget, nowMs)
  return tokens < 1 ? undefined : { tokens: tokens - 1, atMs }
}
