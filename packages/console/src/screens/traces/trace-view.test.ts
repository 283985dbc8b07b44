// The waterfall stands in the order of calls, whatever order or gaps the spans came with.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TraceSpan } from '../../api/traces.ts'
import { durationText, waterfallOf } from './trace-view.ts'
import { isNarrowed, tracesPath } from './traces-search.ts'

const span = (spanId: string, parentId: string | undefined, startMs: number, durationMs: number): TraceSpan => ({
  ...{ spanId, service: 'emr', name: spanId, kind: 'internal', startMs, durationMs, attributes: [] },
  ...(parentId === undefined ? {} : { parentId }),
})

test('children stand below their parent, by their start', () => {
  const spans = [span('a', 'elsewhere', 0, 10), span('c', 'a', 6, 2), span('b', 'a', 1, 4), span('d', 'b', 2, 1)]
  const sorted = spans.toSorted((one, other) => one.startMs - other.startMs)
  const rows = waterfallOf({ spans: sorted, durationMs: 10 })
  assert.deepEqual(
    rows.map((row) => [row.span.spanId, row.depth, row.from, row.share]),
    [
      ['a', 0, 0, 1],
      ['b', 1, 0.1, 0.4],
      ['d', 2, 0.2, 0.1],
      ['c', 1, 0.6, 0.2],
    ],
  )
})

test('spans that name each other in a circle, and a trace without duration, are shown all the same', () => {
  const rows = waterfallOf({ spans: [span('a', 'b', 0, 0), span('b', 'a', 0, 0)], durationMs: 0 })
  assert.deepEqual(
    rows.map((row) => row.span.spanId),
    ['a', 'b'],
  )
  assert.ok(rows.every(({ from, share }) => from + share <= 1))
})

test('durations are told in fitting units', () => {
  assert.deepEqual([0.4211, 12.34, 345.6, 1534, 65_000].map(durationText), [
    '0.42 ms',
    '12.3 ms',
    '346 ms',
    '1.53 s',
    '65 s',
  ])
})

test('only known filters are asked for', () => {
  assert.equal(tracesPath({ slow: '7', failed: 'maybe', from: 'yesterday' }), tracesPath({}))
  assert.equal(isNarrowed({ failed: 'true' }), true)
  assert.match(tracesPath({ service: 'emr', slow: '100' }, 'x_y'), /service=emr&minMs=100&limit=50&cursor=x_y$/)
})
