// How uPlot draws a test: aligned data, axes in the reader's way, the expected range as a band (pure but for the canvas).
import type uPlot from 'uplot'
import { minuteText } from '../../clinical/dates.ts'
import type { TrendSeries } from '../../clinical/trends.ts'
import { numberText } from '../../clinical/values.ts'
import type { Language } from '../../language/fill.ts'

interface ChartOptions {
  readonly lines: readonly TrendSeries[]
  readonly language: Language
  /** The value of a colour token. */
  readonly colour: (token: string) => string
  readonly isDark: boolean
  /** Told what is under the pointer. */
  readonly onPoint: (words: string) => void
}

const lineTokens = ['--primary', '--caution', '--quiet']
const msPerSecond = 1000
// More marks than this would hide the line.
const maxMarked = 60

/** The points of all lines on one axis of time, in seconds; a line without a value at a time has a gap there. */
export function chartData(lines: readonly TrendSeries[]): uPlot.AlignedData {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(({ timeMs }) => timeMs)))].sort((a, b) => a - b)
  const columns = lines.map(({ points }) => {
    const values = new Map(points.map(({ timeMs, value }) => [timeMs, value]))
    return times.map((timeMs) => values.get(timeMs) ?? null)
  })
  return [times.map((timeMs) => timeMs / msPerSecond), ...columns]
}

/** The scale's ends: all values and the expected range, with a tenth of room. */
export function scaleEnds(lines: readonly TrendSeries[]): readonly [number, number] {
  const ranges = lines.length === 1 ? [lines[0]?.range?.low, lines[0]?.range?.high] : []
  const values = [...lines.flatMap(({ points }) => points.map(({ value }) => value)), ...ranges].filter(
    (value) => value !== undefined,
  )
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = (high - low || Math.abs(high) || 1) * 0.1
  return [low - room, high + room]
}

function drawBand(plot: uPlot, line: TrendSeries, colour: string): void {
  const { range } = line
  if (range === undefined) return
  const { ctx, bbox } = plot
  const top = range.high === undefined ? bbox.top : Math.max(bbox.top, plot.valToPos(range.high, 'y', true))
  const end = bbox.top + bbox.height
  const bottom = range.low === undefined ? end : Math.min(end, plot.valToPos(range.low, 'y', true))
  ctx.save()
  ctx.fillStyle = colour
  ctx.fillRect(bbox.left, top, bbox.width, Math.max(0, bottom - top))
  ctx.restore()
}

function pointedWords({ lines }: ChartOptions, plot: uPlot): string {
  const { idx } = plot.cursor
  const seconds = idx === null || idx === undefined ? undefined : plot.data[0][idx]
  if (idx === null || idx === undefined || seconds === undefined) return ''
  const values = lines.flatMap((_, index) => plot.data[index + 1]?.[idx] ?? []).map(numberText)
  const when = minuteText(new Date(seconds * msPerSecond).toISOString()) ?? ''
  return `${when} · ${values.join('/')} ${lines[0]?.unit ?? ''}`
}

// Ticks of years, months or days, in digits that read alike in both languages.
function tickWords(plot: uPlot, splits: readonly number[]): string[] {
  const stepSeconds = (splits[1] ?? 0) - (splits[0] ?? 0)
  const daySeconds = 86_400
  return splits.map((seconds) => {
    const day = minuteText(new Date(seconds * msPerSecond).toISOString()) ?? ''
    if (stepSeconds >= 300 * daySeconds) return day.slice(0, 4)
    if (stepSeconds >= 27 * daySeconds) return day.slice(0, 7)
    return stepSeconds >= daySeconds || plot.data[0].length < 2 ? day.slice(5, 10) : day.slice(11)
  })
}

/** The options without the size. */
export function chartOptions(given: ChartOptions): Omit<uPlot.Options, 'width' | 'height'> {
  const { lines, colour, isDark, onPoint } = given
  const font = '12px system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif'
  const axis: uPlot.Axis = {
    font,
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  }
  const [main] = lines
  return {
    legend: { show: false },
    cursor: { y: false, points: { size: 9 }, drag: { x: false, y: false } },
    padding: [12, 12, 0, 0],
    scales: { x: { time: true }, y: { range: () => [...scaleEnds(lines)] as [number, number] } },
    axes: [
      { ...axis, space: 70, values: tickWords },
      { ...axis, size: 52, values: (_, splits) => splits.map(numberText) },
    ],
    series: [
      {},
      ...lines.map(({ points }, index): uPlot.Series => {
        const stroke = colour(lineTokens[index % lineTokens.length] ?? '--primary')
        return {
          stroke,
          width: 1.75,
          spanGaps: true,
          points: {
            show: points.length <= maxMarked,
            size: 6,
            width: 1.5,
            stroke,
            fill: colour(isDark ? '--ground' : '--surface'),
          },
        }
      }),
    ],
    hooks: {
      drawClear: [
        (plot) => {
          if (main !== undefined && lines.length === 1) drawBand(plot, main, colour('--range'))
        },
      ],
      setCursor: [(plot) => onPoint(pointedWords(given, plot))],
    },
  }
}
