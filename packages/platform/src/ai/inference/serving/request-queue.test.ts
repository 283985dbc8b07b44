// Which requests make a batch: sizes, delay, priorities, time limits; the rules of Triton's dynamic batcher.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfigText } from '../model-config/model-config.ts'
import type { TritonError } from '../protocol/triton-error.ts'
import { createRequestQueue, type Queued } from './request-queue.ts'

interface Item extends Queued {
  readonly label: string
  refused?: TritonError
}

const item = (label: string, extra: Partial<Queued> = {}): Item => {
  const made: Item = {
    label,
    batchSize: 1,
    key: 'same',
    priority: 0,
    timeoutUs: 0,
    enqueuedMs: 0,
    ...extra,
    refuse(error) {
      made.refused = error
    },
  }
  return made
}

const queueOf = (text: string) => createRequestQueue<Item>(readConfigText(text, 'm').config)

function labels(next: ReturnType<ReturnType<typeof queueOf>['next']>): unknown {
  if (next === undefined) return undefined
  return 'batch' in next ? next.batch.map(({ label }) => label).join('') : next.waitMs
}

test('without dynamic batching each request runs alone, in its order', () => {
  const queue = queueOf('max_batch_size: 8')
  for (const label of 'abc') queue.add(item(label))
  assert.deepEqual(
    [labels(queue.next(0)), labels(queue.next(0)), labels(queue.next(0)), queue.next(0)],
    ['a', 'b', 'c', undefined],
  )
})

test('without a delay what waits runs together at once, up to the largest batch', () => {
  const queue = queueOf('max_batch_size: 3 dynamic_batching { }')
  for (const label of 'abcd') queue.add(item(label))
  assert.deepEqual([labels(queue.next(0)), labels(queue.next(0))], ['abc', 'd'])
})

test('waits for a preferred size no longer than the delay', () => {
  const queue = queueOf(
    'max_batch_size: 8 dynamic_batching { preferred_batch_size: [4] max_queue_delay_microseconds: 2000 }',
  )
  for (const label of 'abc') queue.add(item(label, { enqueuedMs: 10 }))
  assert.equal(labels(queue.next(11)), 1)
  queue.add(item('d', { enqueuedMs: 11 }))
  queue.add(item('e', { enqueuedMs: 11 }))
  assert.equal(labels(queue.next(11)), 'abcd')
  assert.equal(labels(queue.next(12)), 1)
  assert.equal(labels(queue.next(13)), 'e')
})

test('joins only what fits together', () => {
  const queue = queueOf('max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 1000 }')
  queue.add(item('a', { batchSize: 3 }))
  queue.add(item('x', { key: 'other' }))
  queue.add(item('b', { batchSize: 2 }))
  assert.equal(labels(queue.next(0)), 'a', 'the next of its kind would be too large, so that waiting helps nothing')
  assert.equal(labels(queue.next(5)), 'x')
  assert.equal(labels(queue.next(5)), 'b')
})

test('higher priorities go first; unknown ones are refused', () => {
  const queue = queueOf('max_batch_size: 1 dynamic_batching { priority_levels: 3 default_priority_level: 2 }')
  queue.add(item('c', { priority: 3 }))
  queue.add(item('b'))
  queue.add(item('a', { priority: 1 }))
  queue.add(item('B', { priority: 2 }))
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => labels(queue.next(now))),
    ['a', 'b', 'B', 'c'],
  )
  assert.throws(() => queue.add(item('x', { priority: 4 })), /priority/)
})

test('refuses when the queue is full and when the time is over, and delays where the policy says so', () => {
  const policy =
    'default_queue_policy { max_queue_size: 2 allow_timeout_override: true default_timeout_microseconds: 5000'
  const queue = queueOf(`max_batch_size: 1 dynamic_batching { ${policy} } }`)
  const late = item('a')
  const impatient = item('b', { timeoutUs: 1000 })
  queue.add(late)
  queue.add(impatient)
  assert.throws(() => queue.add(item('c')), /maximum queue size of 2/)
  assert.equal(queue.expire(2), 3)
  assert.match(impatient.refused?.message ?? '', /timeout expired/)
  assert.equal(queue.next(6), undefined)
  assert.match(late.refused?.message ?? '', /timeout expired/)

  const patient = queueOf(`max_batch_size: 1 dynamic_batching { ${policy} timeout_action: DELAY } }`)
  patient.add(item('a', { enqueuedMs: 0 }))
  patient.add(item('b', { enqueuedMs: 4 }))
  assert.deepEqual([labels(patient.next(6)), labels(patient.next(6))], ['b', 'a'])
})
