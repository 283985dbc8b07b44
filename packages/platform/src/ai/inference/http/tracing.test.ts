// Traces: off at first, sampled by rate and count, for one model or all, refused where they would write files.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFields, Logger } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { createTracing } from './tracing.ts'

function tracing() {
  const told: LogFields[] = []
  const log: Logger = { ...silentLogger, info: (_event, fields = {}) => void told.push(fields) }
  return { told, ...createTracing(log) }
}

test('traces nothing until it is switched on, then one of so many, so many times', () => {
  const { told, begin, update } = tracing()
  assert.equal(begin('a'), undefined)
  update('', { trace_level: ['TIMESTAMPS'], trace_rate: '2', trace_count: '2' })
  for (let at = 0; at < 10; at++) begin('a')?.('1', `q${at}`)
  assert.deepEqual(
    told.map((one) => one['request']),
    ['q1', 'q3'],
  )
  const { REQUEST_START: start, REQUEST_END: end } = told[0] as { REQUEST_START: number; REQUEST_END: number }
  assert.ok(end >= start)
})

test('a model’s own settings go before those of all, and null gives them back', () => {
  const { begin, read, update } = tracing()
  update('a', { trace_level: 'TIMESTAMPS', trace_rate: 1 })
  assert.deepEqual([begin('a') === undefined, begin('b') === undefined], [false, true])
  assert.deepEqual(read('b').trace_level, ['OFF'])
  update('a', { trace_level: null })
  assert.deepEqual([read('a').trace_level, read('a').trace_rate], [['OFF'], '1'])
})

test('refuses files, tensors and settings that do not exist, and changes nothing then', () => {
  const { read, update } = tracing()
  const bad = [
    { trace_file: '/etc/passwd' },
    { trace_level: 'TENSORS' },
    { trace_rate: '0' },
    { trace_count: 'many' },
    { colour: 'red' },
    { trace_level: 'TIMESTAMPS', trace_rate: 'x' },
  ]
  for (const changes of bad) assert.throws(() => update('', changes))
  assert.deepEqual(read('').trace_level, ['OFF'])
})
