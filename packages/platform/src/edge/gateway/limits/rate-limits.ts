// Holds the buckets and windows of this process: bounded in number, the least recently used forgotten first.
import { LRUCache } from 'lru-cache'
import type { WindowPlan } from '../routing/plugin-plans.ts'
import { type Bucket, type BucketPolicy, takeToken } from './token-bucket.ts'
import { countRequest, type WindowCounts } from './window-count.ts'

/** What a limit says of one request. */
export interface LimitOutcome {
  readonly isAllowed: boolean
  readonly retryAfterSeconds: number
  /** For the answer, also of allowed requests (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly headers: Readonly<Record<string, string>>
}

/** The limits of this process; each gateway process counts for itself. */
export interface RateLimits {
  /** Takes a token of the default bucket of a key. */
  take(key: string): LimitOutcome
  /** Counts in the windows of a plugin. */
  count(key: string, plan: WindowPlan): LimitOutcome
}

const maxKeys = 50_000

function windowHeaders(plan: WindowPlan, outcome: ReturnType<typeof countRequest>): Readonly<Record<string, string>> {
  if (plan.isHidden) return {}
  const limit = plan.limits[outcome.period] ?? 0
  const byPeriod = Object.entries(plan.limits).flatMap(([period, quota]) => [
    [`x-ratelimit-limit-${period}`, String(quota)],
    [`x-ratelimit-remaining-${period}`, String(outcome.remaining[period as keyof typeof outcome.remaining] ?? 0)],
  ])
  return {
    'ratelimit-policy': `"${outcome.period}";q=${limit}`,
    ratelimit: `"${outcome.period}";r=${outcome.remaining[outcome.period] ?? 0};t=${outcome.resetSeconds}`,
    ...Object.fromEntries(byPeriod),
  }
}

const policyHeaderOf = ({ burst, ratePerSecond }: BucketPolicy): string =>
  `"default";q=${burst};w=${Math.max(1, Math.ceil(burst / ratePerSecond))}`

/** Creates empty limits; the policy is asked at each request, because it may change while the process runs. */
export function createRateLimits(
  policyNow: () => BucketPolicy,
  clock: { now(): Date; monotonicMs(): number },
): RateLimits {
  const buckets = new LRUCache<string, Bucket>({ max: maxKeys })
  const windows = new LRUCache<string, WindowCounts>({ max: maxKeys })
  return {
    take(key) {
      const policy = policyNow()
      const taking = takeToken(buckets.get(key), policy, clock.monotonicMs())
      buckets.set(key, taking.bucket)
      const missing = policy.burst - taking.remaining
      const resetSeconds = Math.ceil(missing / policy.ratePerSecond)
      return {
        isAllowed: taking.isAllowed,
        retryAfterSeconds: Math.max(1, Math.ceil(taking.retryAfterMs / 1000)),
        headers: {
          'ratelimit-policy': policyHeaderOf(policy),
          ratelimit: `"default";r=${taking.remaining};t=${resetSeconds}`,
        },
      }
    },
    count(key, plan) {
      const outcome = countRequest(windows.get(`${plan.id} ${key}`) ?? {}, plan.limits, clock.now().getTime())
      windows.set(`${plan.id} ${key}`, outcome.counts)
      return {
        isAllowed: outcome.isAllowed,
        retryAfterSeconds: outcome.resetSeconds,
        headers: windowHeaders(plan, outcome),
      }
    },
  }
}
