// Durations as Go reads and prints them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

test('reads what Go’s time.ParseDuration reads', () => {
  const table: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['-1s', -1000],
    ['+2s', 2000],
    ['.5s', 500],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1h2m3s4ms', 3_723_004],
  ]
  for (const [text, ms] of table) assert.ok(Math.abs((parseDuration(text) ?? Number.NaN) - ms) < 1e-9, text)
})

test('refuses what Go refuses', () => {
  for (const text of ['', '10', 's', '10 s', '10S', '1d', '1e3s', 'NaN', 'Infinitys', '1s1', '--1s', '9'.repeat(70)]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('what is printed reads as the same time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms)
    }),
  )
  assert.deepEqual(
    [formatDuration(90_000), formatDuration(1500), formatDuration(3_600_000)],
    ['1m30s', '1.5s', '1h0m0s'],
  )
})
