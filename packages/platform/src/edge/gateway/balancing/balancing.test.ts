// Laws of the circuit, the turn and the retry budget.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { afterObservation, afterStart, type CircuitRules, closedCircuit, mayTry, restMs } from './circuit.ts'
import { afterRequest, type RetryBudget, reserve, takeRetry } from './retry-budget.ts'
import { leastBusy, type Turn, takeTurn } from './turn.ts'

const rules: CircuitRules = {
  healthyStatuses: new Set([200]),
  unhealthyStatuses: new Set([500, 503]),
  successes: 1,
  httpFailures: 3,
  tcpFailures: 2,
  timeouts: 0,
}
const status = (code: number) => ({ kind: 'answered', status: code }) as const
const after = (...codes: readonly number[]) =>
  codes.reduce((circuit, code) => afterObservation(circuit, rules, status(code), 0), closedCircuit)

test('as many bad answers in a row as the rule says open the circuit, a good one in between does not', () => {
  assert.equal(after(500, 503).state, 'closed')
  assert.equal(after(500, 503, 500).state, 'open')
  assert.equal(after(500, 503, 200, 500, 500).state, 'closed')
  assert.equal(after(500, 404, 503, 418, 500).state, 'open')
})

test('broken connections are counted apart, and a count of 0 never opens', () => {
  const once = afterObservation(closedCircuit, rules, { kind: 'unreached' }, 0)
  assert.equal(afterObservation(once, rules, { kind: 'unreached' }, 0).state, 'open')
  const late = Array.from({ length: 100 }).reduce<typeof closedCircuit>(
    (circuit) => afterObservation(circuit, rules, { kind: 'late' }, 0),
    closedCircuit,
  )
  assert.equal(late.state, 'closed')
})

test('an open circuit rests, then lets one trial through that decides', () => {
  const open = after(500, 500, 500)
  assert.equal(mayTry(open, restMs - 1), false)
  assert.equal(mayTry(open, restMs), true)
  const trial = afterStart(open, restMs)
  assert.deepEqual([trial.state, mayTry(trial, restMs + 1)], ['half-open', false])
  assert.equal(afterObservation(trial, rules, status(200), restMs + 1).state, 'closed')
  assert.equal(afterObservation(trial, rules, status(404), restMs + 1).state, 'closed')
  const again = afterObservation(trial, rules, status(503), restMs + 1)
  assert.deepEqual([again.state, mayTry(again, 2 * restMs)], ['open', false])
  assert.equal(mayTry(trial, 2 * restMs), true, 'a trial of which nothing is heard is no end')
})

test('what was under way when the circuit opened neither closes it nor keeps it open', () => {
  const open = after(500, 500, 500)
  assert.equal(afterObservation(open, rules, status(200), 1), open)
  assert.equal(afterObservation(open, rules, status(500), 4000), open)
})

const members = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), weight: fc.nat(20) }), {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: 6,
})

test('law: in as many turns as the weights sum to, each has exactly its share', () => {
  fc.assert(
    fc.property(members, (all) => {
      const total = all.reduce((sum, { weight }) => sum + weight, 0)
      const served = new Map<string, number>()
      let turn: Turn = new Map()
      for (let index = 0; index < total; index++) {
        const taken = takeTurn(all, turn)
        turn = taken.turn
        const first = taken.order[0]
        assert.ok(first)
        served.set(first.id, (served.get(first.id) ?? 0) + 1)
      }
      for (const { id, weight } of all) assert.equal(served.get(id) ?? 0, weight)
    }),
  )
})

test('a canary of 1 in 10 is served once in any ten, not in bursts', () => {
  const both = [
    { id: 'stable', weight: 90 },
    { id: 'canary', weight: 10 },
  ]
  let turn: Turn = new Map()
  const served = Array.from({ length: 100 }, () => {
    const taken = takeTurn(both, turn)
    turn = taken.turn
    return taken.order[0]?.id
  })
  for (let at = 0; at + 10 <= 100; at += 10)
    assert.equal(served.slice(at, at + 10).filter((id) => id === 'canary').length, 1)
})

test('the least busy is first, in relation to its share', () => {
  const busy: Readonly<Record<string, number>> = { a: 3, b: 1, c: 0 }
  const order = leastBusy(
    [
      { id: 'a', weight: 10 },
      { id: 'b', weight: 1 },
      { id: 'c', weight: 0 },
    ],
    (id) => busy[id] ?? 0,
  )
  assert.deepEqual(
    order.map(({ id }) => id),
    ['a', 'b'],
  )
})

test('law: retries are never more than the reserve, a tenth of the requests, and one a second', () => {
  const step = fc.record({ isRetry: fc.boolean(), waitMs: fc.nat(500) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let budget: RetryBudget | undefined
      const count = { requests: 0, retries: 0, nowMs: 0 }
      for (const { isRetry, waitMs } of steps) {
        count.nowMs += waitMs
        const next = isRetry ? takeRetry(budget, count.nowMs) : afterRequest(budget, count.nowMs)
        count.requests += Number(!isRetry)
        count.retries += Number(isRetry && next !== undefined)
        budget = next ?? budget
      }
      assert.ok(count.retries <= reserve + count.requests / 10 + count.nowMs / 1000 + 1e-6)
    }),
  )
})
