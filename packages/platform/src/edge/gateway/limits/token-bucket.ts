// The token bucket: a burst at once, then a steady rate (pure).

/** How much is allowed. */
export interface BucketPolicy {
  readonly ratePerSecond: number
  /** Size of the bucket, at least 1. */
  readonly burst: number
}

/** A bucket at a moment. */
export interface Bucket {
  readonly tokens: number
  /** Monotonic milliseconds of the last taking. */
  readonly atMs: number
}

/** The outcome of one taking. */
export interface Taking {
  readonly bucket: Bucket
  readonly isAllowed: boolean
  /** Whole tokens left. */
  readonly remaining: number
  /** Milliseconds until one token is there; 0 when it was allowed. */
  readonly retryAfterMs: number
}

/** Takes one token from a bucket (a full one when there is none yet). A clock that goes back adds nothing. */
export function takeToken(bucket: Bucket | undefined, policy: BucketPolicy, nowMs: number): Taking {
  const since = bucket === undefined ? 0 : Math.max(0, nowMs - bucket.atMs)
  const before = bucket === undefined ? policy.burst : bucket.tokens
  const tokens = Math.min(policy.burst, before + (since * policy.ratePerSecond) / 1000)
  const atMs = bucket === undefined ? nowMs : Math.max(nowMs, bucket.atMs)
  if (tokens < 1) {
    const retryAfterMs = ((1 - tokens) / policy.ratePerSecond) * 1000
    return { bucket: { tokens, atMs }, isAllowed: false, remaining: 0, retryAfterMs }
  }
  return {
    bucket: { tokens: tokens - 1, atMs },
    isAllowed: true,
    remaining: Math.floor(tokens - 1),
    retryAfterMs: 0,
  }
}
