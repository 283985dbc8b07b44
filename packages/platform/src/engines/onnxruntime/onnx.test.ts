// ONNX Runtime out of process: right results, refusals in words, and a crash that ends one child and is mended.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Tensor } from '../../kernel/ports.ts'
import { onnxGraph } from '../../testing/onnx-graph.ts'
import { convolutionGraph, integerGraph, sumGraph } from '../../testing/onnx-samples.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createOnnx } from './index.ts'

const onnx = createOnnx({ log: silentLogger, maxSessions: 4, queueLimit: 3 })
after(() => onnx.close())

const matrix = (values: readonly number[], columns = 3): Tensor => ({
  datatype: 'FP32',
  shape: [values.length / columns, columns],
  data: Float32Array.from(values),
})

const refused = (code: AppError['code'], words: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && words.test(error.message)

test('runs a graph in a child process, whole or the outputs that are asked for', async () => {
  const session = await onnx.open(sumGraph())
  assert.notEqual(session.pid, process.pid)
  assert.deepEqual(
    [session.inputNames, session.outputNames],
    [
      ['a', 'b'],
      ['sum', 'difference'],
    ],
  )
  const feeds = { a: matrix([1, 2, 3, 4, 5, 6]), b: matrix([10, 20, 30, 40, 50, 60]) }
  const { sum, difference } = await session.run(feeds)
  assert.deepEqual(sum, { datatype: 'FP32', shape: [2, 3], data: Float32Array.of(11, 22, 33, 44, 55, 66) })
  assert.deepEqual(difference?.data, Float32Array.of(-9, -18, -27, -36, -45, -54))
  assert.deepEqual(Object.keys(await session.run(feeds, { outputs: ['difference'] })), ['difference'])
  const { computeNs } = await session.runTimed(feeds)
  assert.ok(computeNs > 0 && computeNs < 1e9)
  await session.close()
})

test('outputs that are the input itself or a constant are right in every run, though their memory is freed after each', async () => {
  const size = 4096
  const session = await onnx.open(
    onnxGraph({
      inputs: [{ name: 'x', shape: ['batch', size] }],
      outputs: ['same', 'five'].map((name) => ({ name, shape: ['rows', size] })),
      constants: [{ name: 'w', shape: [1, size], data: new Float32Array(size).fill(5) }],
      nodes: [
        { op: 'Identity', inputs: ['x'], outputs: ['same'] },
        { op: 'Identity', inputs: ['w'], outputs: ['five'] },
      ],
    }),
  )
  for (let value = 0; value < 20; value++) {
    const x = matrix(new Array<number>(size).fill(value), size)
    const { same, five } = await session.run({ x })
    assert.deepEqual([same?.data, five?.data], [x.data, new Float32Array(size).fill(5)])
  }
  assert.equal(session.restarts, 0)
  await session.close()
})

test('carries integers, booleans and views that are not aligned', async () => {
  const session = await onnx.open(integerGraph())
  const shifted = new BigInt64Array([9n, -5n, 2n ** 53n]).subarray(1)
  const { double, isPositive } = await session.run({ x: { datatype: 'INT64', shape: [1, 2], data: shifted } })
  assert.deepEqual([double?.data, isPositive?.data], [BigInt64Array.of(-10n, 2n ** 54n), Uint8Array.of(0, 1)])
  await session.close()
})

test('refuses a graph, inputs and outputs that do not fit, and lives on', async () => {
  await assert.rejects(onnx.open(Buffer.from('this is no graph')), refused('unprocessable', /cannot open the graph/))
  await assert.rejects(onnx.open(sumGraph(), { threads: 0 }), refused('invalid-parameter', /threads/))
  const session = await onnx.open(sumGraph())
  const a = matrix([1, 2, 3])
  const cases: readonly [Record<string, Tensor>, RegExp][] = [
    [{ a }, /b are missing|inputs b/],
    [{ a, b: a, c: a }, /no input c/],
    [{ a, b: { ...a, datatype: 'FP64', data: Float64Array.of(1, 2, 3) } }, /must be FP32, not FP64/],
    [{ a, b: { ...a, shape: [2, 3] } }, /takes 6 elements, not 3/],
    [{ a, b: { ...a, shape: [-1, -3] } }, /not negative/],
    [{ a, b: matrix([1, 2, 3, 4], 4) }, /ONNX Runtime refused/],
  ]
  for (const [feeds, words] of cases) await assert.rejects(session.run(feeds), refused('unprocessable', words))
  await assert.rejects(session.run({ a, b: a }, { outputs: ['x'] }), refused('unprocessable', /no output x/))
  assert.deepEqual((await session.run({ a, b: a }))['sum']?.data, Float32Array.of(2, 4, 6))
  await session.close()
  await assert.rejects(session.run({ a, b: a }), refused('unavailable', /closed/))
})

test('a killed child fails what is under way, starts anew with its graph, and touches no other', async () => {
  const slow = await onnx.open(convolutionGraph({ side: 256, channels: 16, layers: 12 }))
  const other = await onnx.open(sumGraph())
  const image: Tensor = { datatype: 'FP32', shape: [1, 1, 256, 256], data: new Float32Array(256 * 256).fill(1) }
  const before = slow.pid ?? 0
  const running = slow.run({ input__0: image })
  process.kill(before, 'SIGKILL')
  await assert.rejects(running, refused('unavailable', /lost/))
  assert.deepEqual(
    (await other.run({ a: matrix([1, 1, 1]), b: matrix([1, 1, 1]) }))['sum']?.data,
    Float32Array.of(2, 2, 2),
  )
  const until = Date.now() + 60_000
  let answer: unknown
  while (answer === undefined && Date.now() < until) {
    answer = await slow.run({ input__0: image }).catch(() => delay(20))
  }
  assert.ok(answer !== undefined && slow.pid !== before && slow.restarts === 1)
  await Promise.all([slow.close(), other.close()])
})

test('runs in turn, refuses what the queue cannot hold, and gives up at once when asked to', async () => {
  const session = await onnx.open(convolutionGraph({ side: 256, channels: 16, layers: 12 }))
  const feeds = { input__0: { datatype: 'FP32', shape: [1, 1, 256, 256], data: new Float32Array(65_536) } } as const
  const stop = new AbortController()
  const runs = Array.from({ length: 6 }, (_, at) =>
    session.run(feeds, at === 4 || at === 1 ? { signal: stop.signal } : {}),
  )
  stop.abort()
  const ends = await Promise.allSettled(runs)
  const codes = ends.map((end) => (end.status === 'fulfilled' ? 'done' : (end.reason as AppError).code))
  assert.deepEqual(codes, ['done', 'timeout', 'done', 'done', 'timeout', 'unavailable'])
  await session.close()
})

test('bounds the number of children and leaves none behind', async (context) => {
  if (process.platform !== 'linux') return context.skip('looks for processes in /proc, which only Linux has')
  const own = createOnnx({ log: silentLogger, maxSessions: 1 })
  const session = await own.open(sumGraph())
  await assert.rejects(own.open(sumGraph()), refused('unavailable', /open already/))
  const { pid } = session
  await own.close()
  assert.throws(() => readFileSync(`/proc/${pid}/statm`))
  await assert.rejects(own.open(sumGraph()), refused('unavailable', /stopping/))
})
