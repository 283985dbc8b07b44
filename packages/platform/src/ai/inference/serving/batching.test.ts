// Requests that meet run as one batch and each gets its own rows; instances work side by side; what is given up costs nobody.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { readConfigText } from '../model-config/model-config.ts'
import type { TritonError } from '../protocol/triton-error.ts'
import { joinBatch, reshaped, splitBatch } from './batch.ts'
import type { Instance } from './instance.ts'
import { createScheduler } from './scheduler.ts'
import { createStatistics } from './statistics.ts'

const rows = (...values: readonly (readonly number[])[]): Tensor => ({
  datatype: 'FP32',
  shape: [values.length, values[0]?.length ?? 0],
  data: Float32Array.from(values.flat()),
})

test('joining and splitting are each other’s inverse', () => {
  const requests: readonly NamedTensors[] = [{ x: rows([1, 2]) }, { x: rows([3, 4], [5, 6]) }, { x: rows([7, 8]) }]
  const joined = joinBatch(requests)
  assert.deepEqual(joined['x'], rows([1, 2], [3, 4], [5, 6], [7, 8]))
  assert.deepEqual(splitBatch(joined, [1, 2, 1]), requests)
})

test('gives tensors the shape of the graph and back', () => {
  const { config } = readConfigText(
    'max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: [2, 3] reshape { shape: [-1] } }',
    'm',
  )
  const sent = { x: { datatype: 'FP32', shape: [2, 2, 3], data: new Float32Array(12) } } as const
  const inGraph = reshaped(sent, config.input, 'graph', true)
  assert.deepEqual(inGraph['x']?.shape, [2, 6])
  assert.deepEqual(reshaped(inGraph, config.input, 'client', true)['x']?.shape, [2, 2, 3])
})

// An instance that takes a while and doubles; the rules of waiting are the subject here, not ONNX Runtime.
function slowInstance(seen: number[], takesMs = 20): Instance {
  return {
    isOpen: true,
    open: async () => undefined,
    close: async () => undefined,
    async run({ x }) {
      seen.push(x?.shape[0] ?? 0)
      await delay(takesMs)
      return {
        y: {
          datatype: 'FP32',
          shape: x?.shape ?? [],
          data: Float32Array.from(x?.data as Float32Array, (one) => 2 * one),
        },
      }
    },
  }
}

function schedulerOf(text: string, instances: readonly Instance[]) {
  const { config } = readConfigText(`${text} output { name: "y" data_type: TYPE_FP32 dims: 1 }`, 'm')
  const statistics = createStatistics()
  return { statistics, ...createScheduler({ config, instances, statistics, nowMs: () => 1 }) }
}

const work = (value: number, signal?: AbortSignal) => ({
  inputs: { x: rows([value]) },
  batchSize: 1,
  priority: 0,
  timeoutUs: 0,
  ...(signal === undefined ? {} : { signal }),
})

test('what comes while the instance is busy runs together afterwards', async () => {
  const seen: number[] = []
  const scheduler = schedulerOf('max_batch_size: 4 dynamic_batching { }', [slowInstance(seen)])
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((value) => scheduler.submit(work(value))))
  assert.deepEqual(
    answers.map(({ y }) => y?.data[0]),
    [2, 4, 6, 8, 10, 12],
  )
  assert.deepEqual(seen, [1, 4, 1])
  const { execution_count: executions, inference_count: count, batch_stats: sizes } = scheduler.statistics.read()
  assert.deepEqual([executions, count, sizes.map((one) => one.batch_size)], [3, 6, [1, 4]])
  await scheduler.close()
})

test('instances work side by side', async () => {
  const [left, right]: [number[], number[]] = [[], []]
  const scheduler = schedulerOf('max_batch_size: 1', [slowInstance(left), slowInstance(right)])
  await Promise.all([1, 2, 3, 4].map((value) => scheduler.submit(work(value))))
  assert.deepEqual([left.length, right.length], [2, 2])
  await scheduler.close()
})

test('what is given up while it waits never runs; closing refuses what waits and ends what runs', async () => {
  const seen: number[] = []
  const scheduler = schedulerOf('max_batch_size: 1', [slowInstance(seen)])
  const stop = new AbortController()
  const ends = Promise.allSettled([work(1), work(2, stop.signal), work(3)].map(scheduler.submit))
  stop.abort()
  await scheduler.close()
  const codes = (await ends).map((end) => (end.status === 'fulfilled' ? 'done' : (end.reason as TritonError).code))
  assert.deepEqual([codes, seen], [['done', 'CANCELLED', 'UNAVAILABLE'], [1]])
  await assert.rejects(scheduler.submit(work(4)), /unloaded/)
  assert.equal(scheduler.statistics.read().inference_stats.fail.count, 2)
})
