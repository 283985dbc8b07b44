// Metrics of other processes: bounded, and room again for new names when old ones are no longer sent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OtlpMetric } from '@xinglin/core/otlp'
import { createReceivedMetrics } from './received-metrics.ts'

const staleMs = 300_000
const gauge = (name: string): OtlpMetric => ({
  name,
  help: '',
  unit: '',
  kind: 'gauge',
  isMonotonic: false,
  points: [{ attributes: [], atMs: 0, value: 1 }],
})
const group = (metrics: readonly OtlpMetric[]) => [{ resource: [], metrics }]

test('names that are no longer sent make room for new ones', () => {
  const clock = { nowMs: 0 }
  const received = createReceivedMetrics(() => clock.nowMs)
  const old = Array.from({ length: 10_000 }, (_, at) => gauge(`old_${at}`))
  assert.equal(received.take(group(old)), 0)
  assert.equal(received.take(group([gauge('new')])), 1)
  clock.nowMs = staleMs + 1
  assert.equal(received.take(group([gauge('new')])), 0)
  assert.match(received.exposition(), /^# TYPE new gauge\nnew 1\n$/m)
})

test('a name keeps its first type as long as it is sent', () => {
  const clock = { nowMs: 0 }
  const received = createReceivedMetrics(() => clock.nowMs)
  const histogram: OtlpMetric = { ...gauge('length'), kind: 'histogram' }
  assert.equal(received.take(group([gauge('length')])), 0)
  assert.equal(received.take(group([histogram])), 1)
  clock.nowMs = staleMs + 1
  received.exposition()
  assert.equal(received.take(group([histogram])), 0)
})
