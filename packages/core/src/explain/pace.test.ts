// Long arithmetic takes its breaths: no stretch of an explanation holds a server's event loop for 50 ms.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchTurns } from '../under-test/turns.ts'
import { type Game, type GameOptions, kernelShap, limeTabular } from './index.ts'
import { createPace } from './pace.ts'

const groups = 300
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const game: Game = {
  row: Float32Array.from({ length: groups }, (_, at) => 1 + (at % 5)),
  background: new Float32Array(2 * groups),
  groups: Array.from({ length: groups }, (_, at) => ({ name: `g${at}`, features: [at] })),
  predict: async (rows, count) => {
    await pause()
    return Float64Array.from({ length: count }, (_, at) => rows[at * groups] ?? 0)
  },
}

async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  const longest = watchTurns()
  await work()
  return longest()
}

const methods: readonly (readonly [string, (options: GameOptions) => Promise<unknown>])[] = [
  ['KernelSHAP', (options) => kernelShap(game, { ...options, samples: 1500 })],
  ['LIME', (options) => limeTabular(game, { ...options, samples: 2000 })],
]
for (const [name, explain] of methods) {
  test(`${name} over ${groups} groups gives way to others`, async () => {
    const options = { batchRows: 256, pause }
    await explain(options) // compiled on the way
    const measured = [await longestTurnMs(() => explain(options)), await longestTurnMs(() => explain(options))]
    assert.ok(Math.min(...measured) < 50, `${measured.map(Math.round).join(', ')} ms`)
  })
}

test('a pace pauses once a stretch is full, and never without a pause', () => {
  let pauses = 0
  const pace = createPace(async () => void pauses++)
  for (let step = 0; step < 100; step++) void pace(100_000)
  assert.equal(pauses, 2)
  assert.equal(createPace(undefined)(1e9), undefined)
})
