// Holds the buckets and windows of this process: bounded in number, the least recently used forgotten first.
import { LRUCache } from 'lru-cache'
import type { Fields } from '../http1/index.ts'
import type { WindowPlan } from '../routing/plugin-plans.ts'
import { type Bucket, type BucketPolicy, takeToken } from './token-bucket.ts'
import { countRequest, type Period, type WindowCount, type WindowOutcome } from './window-count.ts'

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

const namesOf = (period: Period) => [`x-ratelimit-limit-${period}`, `x-ratelimit-remaining-${period}`] as const
const fieldNames: Readonly<Record<Period, ReturnType<typeof namesOf>>> = {
  second: namesOf('second'),
  minute: namesOf('minute'),
  hour: namesOf('hour'),
  day: namesOf('day'),
  month: namesOf('month'),
  year: namesOf('year'),
}

function windowFields({ isHidden, limits }: WindowPlan, outcome: WindowOutcome): Fields {
  const tightest = limits[outcome.tightest]
  if (isHidden || tightest === undefined) return []
  const { remaining, resetSeconds } = outcome
  const { period, quota } = tightest
  const fields = ['ratelimit-policy', `"${period}";q=${quota}`, 'ratelimit']
  fields.push(`"${period}";r=${remaining[outcome.tightest] ?? 0};t=${resetSeconds}`)
  for (let at = 0; at < limits.length; at += 1) {
    const one = limits[at] ?? tightest
    const [limit, left] = fieldNames[one.period]
    fields.push(limit, `${one.quota}`, left, `${remaining[at] ?? 0}`)
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
  // What a key has is changed in place: to set it anew costs more than to count.
  const buckets = new LRUCache<string, { bucket: Bucket }>({ max: maxKeys })
  const windows = new LRUCache<string, { counts: readonly WindowCount[] }>({ max: maxKeys })
  return {
    take(key) {
      const policy = policyNow()
      const known = buckets.get(key)
      const taking = takeToken(known?.bucket, policy, clock.monotonicMs())
      if (known === undefined) buckets.set(key, { bucket: taking.bucket })
      else known.bucket = taking.bucket
      const missing = policy.burst - taking.remaining
      const resetSeconds = Math.ceil(missing / policy.ratePerSecond)
      return {
        isAllowed: taking.isAllowed,
        retryAfterSeconds: Math.max(1, Math.ceil(taking.retryAfterMs / 1000)),
        fields: [
          'ratelimit-policy',
          policyHeaderOf(policy),
          'ratelimit',
          `"default";r=${taking.remaining};t=${resetSeconds}`,
        ],
      }
    },
    count(key, plan) {
      const name = `${plan.id} ${key}`
      const known = windows.get(name)
      const outcome = countRequest(known?.counts, plan.limits, clock.now().getTime())
      if (known === undefined) windows.set(name, { counts: outcome.counts })
      else known.counts = outcome.counts
      return {
        isAllowed: outcome.isAllowed,
        retryAfterSeconds: outcome.resetSeconds,
        fields: windowFields(plan, outcome),
      }
    },
  }
}
