// Holds the buckets and windows of this process: bounded in number, the least recently used forgotten first.
import { LRUCache } from 'lru-cache'
import type { Fields } from '../http1/index.ts'
import type { WindowPlan } from '../routing/plugin-plans.ts'
import { type Bucket, type BucketPolicy, takeToken } from './token-bucket.ts'
import { countRequest, periods, type WindowCount, type WindowOutcome } from './window-count.ts'

/** What a limit says of one request. */
export interface LimitOutcome {
  readonly isAllowed: boolean
  readonly retryAfterSeconds: number
  /** For the answer, also of allowed requests (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly fields: Fields
}

/** The limits of this process; each gateway process counts for itself. */
export interface RateLimits {
  /** Takes a token of the default bucket of a key. */
  take(key: string): LimitOutcome
  /** Counts in the windows of a plugin. */
  count(key: string, plan: WindowPlan): LimitOutcome
}

const maxKeys = 50_000

const fieldNames = new Map(
  periods.map((period) => [period, [`x-ratelimit-limit-${period}`, `x-ratelimit-remaining-${period}`]] as const),
)

function windowFields({ isHidden, limits }: WindowPlan, outcome: WindowOutcome): Fields {
  const tightest = limits[outcome.tightest]
  if (isHidden || tightest === undefined) return []
  const { remaining, resetSeconds } = outcome
  const fields = [
    ...['ratelimit-policy', `"${tightest.period}";q=${tightest.quota}`],
    ...['ratelimit', `"${tightest.period}";r=${remaining[outcome.tightest] ?? 0};t=${resetSeconds}`],
  ]
  for (const [at, { period, quota }] of limits.entries()) {
    const [limit = '', left = ''] = fieldNames.get(period) ?? []
    fields.push(limit, String(quota), left, String(remaining[at] ?? 0))
  }
  return fields
}

const policyHeaderOf = ({ burst, ratePerSecond }: BucketPolicy): string =>
  `"default";q=${burst};w=${Math.max(1, Math.ceil(burst / ratePerSecond))}`

/** Creates empty limits; the policy is asked at each request, because it may change while the process runs. */
export function createRateLimits(
  policyNow: () => BucketPolicy,
  clock: { now(): Date; monotonicMs(): number },
): RateLimits {
  const buckets = new LRUCache<string, Bucket>({ max: maxKeys })
  const windows = new LRUCache<string, readonly WindowCount[]>({ max: maxKeys })
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
        fields: [
          ...['ratelimit-policy', policyHeaderOf(policy)],
          ...['ratelimit', `"default";r=${taking.remaining};t=${resetSeconds}`],
        ],
      }
    },
    count(key, plan) {
      const known = `${plan.id} ${key}`
      const outcome = countRequest(windows.get(known), plan.limits, clock.now().getTime())
      windows.set(known, outcome.counts)
      return {
        isAllowed: outcome.isAllowed,
        retryAfterSeconds: outcome.resetSeconds,
        fields: windowFields(plan, outcome),
      }
    },
  }
}
