// Laws of the token bucket, of Kong's windows, and of the measure of load.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextDelay } from './load-shedding.ts'
import { type Bucket, takeToken } from './token-bucket.ts'
import { countRequest, type WindowCount } from './window-count.ts'

const policies = fc.record({
  ratePerSecond: fc.integer({ min: 1, max: 1000 }),
  burst: fc.integer({ min: 1, max: 100 }),
})

test('law: in any span at most burst + rate × time requests pass', () => {
  fc.assert(
    fc.property(policies, fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 200 }), (policy, gaps) => {
      let bucket: Bucket | undefined
      let nowMs = 1000
      let allowed = 0
      for (const gap of gaps) {
        nowMs += gap
        const taking = takeToken(bucket, policy, nowMs)
        bucket = taking.bucket
        allowed += Number(taking.isAllowed)
        assert.ok(allowed <= policy.burst + ((nowMs - 1000) * policy.ratePerSecond) / 1000 + 1e-6)
        assert.ok(bucket.tokens >= 0 && bucket.tokens <= policy.burst)
      }
    }),
  )
})

test('law: after the time it names, a refused request passes', () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 0, max: 300 }), (policy, attempts) => {
      let taking = takeToken(undefined, policy, 0)
      for (let index = 0; index < attempts && taking.isAllowed; index++) taking = takeToken(taking.bucket, policy, 0)
      if (taking.isAllowed) return
      assert.equal(takeToken(taking.bucket, policy, taking.retryAfterMs + 1e-6).isAllowed, true)
    }),
  )
})

test('a clock that goes back adds no tokens', () => {
  const policy = { ratePerSecond: 1, burst: 1 }
  const first = takeToken(undefined, policy, 10_000)
  const back = takeToken(first.bucket, policy, 0)
  assert.equal(back.isAllowed, false)
  assert.equal(takeToken(back.bucket, policy, 10_500).isAllowed, false)
})

test('windows count per period, refuse when one is full and do not count refusals', () => {
  let counts: readonly WindowCount[] = []
  const limits = [
    { period: 'second', quota: 2 },
    { period: 'minute', quota: 3 },
  ] as const
  const at = (nowMs: number) => {
    const outcome = countRequest(counts, limits, nowMs)
    counts = outcome.counts
    return outcome
  }
  assert.deepEqual(
    [at(0), at(10), at(20)].map(({ isAllowed }) => isAllowed),
    [true, true, false],
  )
  assert.equal(at(1000).isAllowed, true)
  const full = at(2000)
  assert.deepEqual([full.isAllowed, full.tightest, full.resetSeconds], [false, 1, 58])
  assert.equal(at(60_000).isAllowed, true)
})

test('the average delay of the event loop follows a long stall within a second, and forgets it', () => {
  const stalled = Array.from({ length: 10 }).reduce<number>((average) => nextDelay(average, 2000), 0)
  assert.ok(stalled > 1000 && stalled < 2000)
  const rested = Array.from({ length: 30 }).reduce<number>((average) => nextDelay(average, 0), stalled)
  assert.ok(rested < 100)
  assert.equal(nextDelay(0, -5), 0)
})
