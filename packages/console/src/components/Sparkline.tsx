// A value's course in the height of a table row, over the band of what is expected; the numbers stand beside it.
import type { TrendSeries } from '../clinical/trends.ts'

const widthPx = 120
const heightPx = 22
const marginPx = 3
const maxPoints = 24

/** Draws the newest points of a line. */
export function Sparkline({ points, range }: Pick<TrendSeries, 'points' | 'range'>) {
  const shown = points.slice(-maxPoints)
  const first = shown[0]
  const last = shown.at(-1)
  if (first === undefined || last === undefined || shown.length < 2) return null
  const values = shown.map(({ value }) => value)
  const bounds = [range?.low, range?.high].filter((bound) => bound !== undefined)
  const low = Math.min(...values, ...bounds)
  const high = Math.max(...values, ...bounds)
  const spanMs = Math.max(1, last.timeMs - first.timeMs)
  const x = (timeMs: number): number => marginPx + ((timeMs - first.timeMs) / spanMs) * (widthPx - 2 * marginPx)
  const y = (value: number): number =>
    high === low ? heightPx / 2 : heightPx - marginPx - ((value - low) / (high - low)) * (heightPx - 2 * marginPx)
  const top = y(range?.high ?? high)
  const bottom = y(range?.low ?? low)
  const line = shown.map(({ timeMs, value }) => `${x(timeMs).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return (
    <svg aria-hidden="true" height={heightPx} viewBox={`0 0 ${widthPx} ${heightPx}`} width={widthPx}>
      {range === undefined ? null : (
        <rect fill="var(--range)" height={Math.max(1, bottom - top)} rx="2" width={widthPx} x="0" y={top} />
      )}
      <polyline fill="none" points={line} stroke="var(--primary)" strokeLinejoin="round" strokeWidth="1.4" />
      <circle cx={x(last.timeMs)} cy={y(last.value)} fill="var(--primary)" r="2.4" />
    </svg>
  )
}
