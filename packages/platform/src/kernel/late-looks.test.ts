// Which instances are handed out when looks at their health fail.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Looked, lateLook, worthTrying } from './late-looks.ts'

const look = (instance: string, ...checks: readonly (readonly [string, string])[]): Looked<string> => ({
  instance,
  checks: checks.map(([status, output]) => ({ status, output })),
})
const well = look('well', ['passing', '200'], ['warning', '429'])
const slow = look('slow', ['passing', '200'], ['critical', `HTTP GET http://10.0.0.1/: ${lateLook(2000)}`])
const away = look('away', ['critical', 'TCP connect 10.0.0.2:8000: ECONNREFUSED'])

test('instances without a critical check are handed out, and while there are such no others', () => {
  assert.deepEqual(worthTrying([well, slow, away, look('unchecked')]), ['well', 'unchecked'])
})

test('where none is left, those that were only late are', () => {
  assert.deepEqual(worthTrying([slow, away]), ['slow'])
  const ofConsul =
    'Get "http://10.0.0.1:8000/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  assert.deepEqual(worthTrying([look('consul', ['critical', ofConsul])]), ['consul'])
})

test('what refuses, answers that it is not ready, ran out or is under maintenance never is', () => {
  const others = [
    away,
    look('not ready', ['critical', 'HTTP GET http://10.0.0.1/health/ready: 503 Output: starting']),
    look('ttl', ['critical', 'TTL expired']),
    look('both', ['critical', lateLook(2000)], ['critical', 'Maintenance mode is enabled for this service']),
  ]
  assert.deepEqual(worthTrying(others), [])
})
