// The strategies against their closed forms.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aggregate, type Moments, type SiteUpdate, type Strategy, siteConfiguration } from './strategies.ts'
import { asFloat64, checkUpdate, type Weights } from './weights.ts'

const now = async (): Promise<void> => undefined
const vector = (...values: readonly number[]): Weights => [
  { type: 'float64', shape: [values.length], data: Float64Array.from(values) },
]
const update = (examples: number, ...values: readonly number[]): SiteUpdate => ({
  examples,
  weights: vector(...values),
})

async function run(
  strategy: Strategy,
  updates: readonly SiteUpdate[],
  more: { moments?: Moments; round?: number } = {},
) {
  const global = vector(...valuesOf(updates[0]?.weights ?? []).map(() => 0))
  return aggregate({ strategy, global, updates, round: more.round ?? 1, moments: more.moments }, now)
}

const valuesOf = (weights: Weights): readonly number[] => Array.from(weights.flatMap((array) => [...asFloat64(array)]))

test('FedAvg weighs each site by its examples', async () => {
  const { weights } = await run({ kind: 'fedavg' }, [update(1, 1, 10), update(3, 5, -2)])
  assert.deepEqual(valuesOf(weights), [4, 1])
})

test('FedProx aggregates as FedAvg does and tells the sites its factor', async () => {
  const strategy: Strategy = { kind: 'fedprox', proximalMu: 0.1 }
  const { weights } = await run(strategy, [update(1, 1), update(3, 5)])
  assert.deepEqual(valuesOf(weights), [4])
  assert.deepEqual(siteConfiguration(strategy), { proximal_mu: 0.1 })
  assert.deepEqual(siteConfiguration({ kind: 'fedavg' }), {})
})

test('the trimmed mean leaves out the lowest and highest share at each coordinate', async () => {
  const updates = [update(1, 1000, 1), update(1, 1, 2), update(9, 2, 3), update(1, 3, 4), update(1, -1000, 500)]
  const { weights } = await run({ kind: 'trimmed-mean', trim: 0.2 }, updates)
  assert.deepEqual(valuesOf(weights), [2, 3])
  const untrimmed = await run({ kind: 'trimmed-mean', trim: 0 }, updates)
  assert.deepEqual(valuesOf(untrimmed.weights), [6 / 5, 510 / 5])
})

test('the median is the middle one, or the mean of the middle two', async () => {
  assert.deepEqual(
    valuesOf((await run({ kind: 'fedmedian' }, [update(1, 9), update(1, 1), update(1, 2)])).weights),
    [2],
  )
  const four = [update(1, 9), update(1, 1), update(1, 2), update(1, 4)]
  assert.deepEqual(valuesOf((await run({ kind: 'fedmedian' }, four)).weights), [3])
})

test('FedAdam takes the steps that Adam takes on the mean change', async () => {
  const strategy = { kind: 'fedadam', eta: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 } as const
  const first = await run(strategy, [update(1, 1), update(1, 3)])
  const step = (0.1 * Math.sqrt(1 - 0.99 ** 2)) / (1 - 0.9 ** 2)
  const m = 0.1 * 2
  const v = 0.01 * 4
  assert.ok(Math.abs((valuesOf(first.weights)[0] ?? 0) - (step * m) / (Math.sqrt(v) + 1e-3)) < 1e-12)
  assert.ok(first.moments)
  const second = await run(strategy, [update(1, 1)], { moments: first.moments, round: 2 })
  const step2 = (0.1 * Math.sqrt(1 - 0.99 ** 3)) / (1 - 0.9 ** 3)
  const m2 = 0.9 * m + 0.1
  const v2 = 0.99 * v + 0.01
  assert.ok(Math.abs((valuesOf(second.weights)[0] ?? 0) - (step2 * m2) / (Math.sqrt(v2) + 1e-3)) < 1e-12)
})

test('whatever the sites return, every strategy but FedAdam stays between the lowest and the highest', async () => {
  const strategies: readonly Strategy[] = [
    { kind: 'fedavg' },
    { kind: 'fedprox', proximalMu: 1 },
    { kind: 'trimmed-mean', trim: 0.25 },
    { kind: 'fedmedian' },
  ]
  const site = fc.record({ examples: fc.integer({ min: 1, max: 10_000 }), value: fc.double({ min: -1e6, max: 1e6 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        site.filter(({ value }) => Number.isFinite(value)),
        { minLength: 1, maxLength: 9 },
      ),
      async (sites) => {
        const values = sites.map(({ value }) => value)
        for (const strategy of strategies) {
          const { weights } = await run(
            strategy,
            sites.map(({ examples, value }) => update(examples, value)),
          )
          const [got = Number.NaN] = valuesOf(weights)
          assert.ok(got >= Math.min(...values) - 1e-6 && got <= Math.max(...values) + 1e-6, `${strategy.kind}: ${got}`)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('types are kept: 32-bit floats, and counters as whole numbers', async () => {
  const of = (step: bigint, value: number): Weights => [
    { type: 'int64', shape: [], data: BigInt64Array.of(step) },
    { type: 'float32', shape: [1], data: Float32Array.of(value) },
  ]
  const updates = [
    { examples: 1, weights: of(10n, 0.5) },
    { examples: 1, weights: of(21n, 1.5) },
  ]
  const { weights } = await aggregate({ strategy: { kind: 'fedavg' }, global: of(0n, 0), updates, round: 1 }, now)
  assert.deepEqual(weights[0]?.data, BigInt64Array.of(16n))
  assert.deepEqual(weights[1]?.data, Float32Array.of(1))
})

test('no update, or none with an example, is refused', async () => {
  await assert.rejects(run({ kind: 'fedavg' }, []), { code: 'unprocessable' })
  await assert.rejects(run({ kind: 'fedavg' }, [update(0, 1)]), { code: 'unprocessable' })
})

test('an update of another number, type or shape, or with NaN, is named and refused', () => {
  const global = vector(1, 2)
  const refused = (weights: Weights, words: RegExp): void =>
    assert.throws(() => checkUpdate(weights, global), { code: 'unprocessable', message: words })
  refused([], /2|0 were returned/)
  refused(vector(1), /Array 0 is float64 \[1\]/)
  refused([{ type: 'float32', shape: [2], data: Float32Array.of(1, 2) }], /float32/)
  refused(vector(1, Number.NaN), /not finite at element 1/)
  checkUpdate(vector(3, 4), global)
})
