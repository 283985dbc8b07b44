// One request of the load and what became of it.

/** A request as it ended. */
export interface Sample {
  /** When it was sent, milliseconds of `performance.now()`. */
  readonly atMs: number
  readonly ms: number
  readonly step: string
  /** Whether HTTP lets it be sent again (RFC 9110 9.2.2). */
  readonly isIdempotent: boolean
  /** 0: no answer came. */
  readonly status: number
  readonly isGood: boolean
  /** Whether a refusal says when to come again. */
  readonly hasRetryAfter: boolean
}
