// The chart's data: one axis of time for all lines, and a scale that holds every value and the expected range.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrendSeries } from '../../clinical/trends.ts'
import { chartData, scaleEnds } from './trend-options.ts'

const line = (points: readonly (readonly [number, number])[], given: Partial<TrendSeries> = {}): TrendSeries => ({
  key: 'k',
  concept: undefined,
  unit: 'mmHg',
  points: points.map(([timeMs, value]) => ({ timeMs, value, flag: undefined })),
  range: undefined,
  ...given,
})

test('aligns lines in time and leaves gaps', () => {
  const data = chartData([
    line([
      [1000, 120],
      [3000, 130],
    ]),
    line([
      [2000, 80],
      [3000, 85],
    ]),
  ])
  assert.deepEqual(data, [
    [1, 2, 3],
    [120, null, 130],
    [null, 80, 85],
  ])
})

test('holds every value and the expected range of a single line', () => {
  const [low, high] = scaleEnds([
    line(
      [
        [0, 5],
        [1, 6],
      ],
      { range: { low: 3, high: 8 } },
    ),
  ])
  assert.ok(low < 3 && high > 8)
  const [flatLow, flatHigh] = scaleEnds([line([[0, 5]])])
  assert.ok(flatLow < 5 && flatHigh > 5)
})
