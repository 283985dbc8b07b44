// Plots of many contributions: a beeswarm over rows, and a heat map over features and time.
import { element, escapeXml, plotColours, svgFrame } from './svg.ts'
import { filled, type PlotWish, plainNumber, plotWords } from './words.ts'

const width = 720
const nameWidth = 200
const rowHeight = 34
const plotWidth = width - nameWidth - 20

/** Contributions of many rows. */
export interface ManyRows {
  readonly names: readonly string[]
  /** `[rows][features]`. */
  readonly contributions: readonly ArrayLike<number>[]
}

function meanSize({ contributions }: ManyRows, feature: number): number {
  return contributions.reduce((sum, row) => sum + Math.abs(row[feature] ?? 0), 0) / Math.max(1, contributions.length)
}

// Above zero, so that places and shades can be divided by it.
function largestOf(values: readonly number[]): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-12)
}

/** Draws one dot for each row and feature, features with the largest mean contribution first. */
export function beeswarmPlot(rows: ManyRows, wish: PlotWish): string {
  const { most = 12, language, what } = wish
  const order = rows.names
    .map((_, feature) => feature)
    .toSorted((a, b) => meanSize(rows, b) - meanSize(rows, a))
    .slice(0, most)
  const largest = largestOf(rows.contributions.flatMap((row) => order.map((at) => row[at] ?? 0)))
  const middle = nameWidth + plotWidth / 2
  const dots = order.flatMap((feature, line) => {
    const taken = new Map<number, number>()
    return rows.contributions.map((row) => {
      const value = row[feature] ?? 0
      const x = middle + (value / largest) * (plotWidth / 2 - 6)
      const column = Math.round(x / 5)
      const stacked = taken.get(column) ?? 0
      taken.set(column, stacked + 1)
      const offset = Math.min(14, Math.ceil(stacked / 2) * 4) * (stacked % 2 === 0 ? 1 : -1)
      const fill = value > 0 ? plotColours.raises : plotColours.lowers
      return element('circle', {
        cx: x,
        cy: line * rowHeight + rowHeight / 2 + offset,
        r: 3,
        fill,
        'fill-opacity': 0.7,
      })
    })
  })
  const names = order.map((feature, line) =>
    element(
      'text',
      { x: nameWidth - 10, y: line * rowHeight + rowHeight / 2 + 5, 'text-anchor': 'end' },
      escapeXml(rows.names[feature] ?? ''),
    ),
  )
  const listed = order.map((feature) => `${rows.names[feature]} ${plainNumber(meanSize(rows, feature))}`).join(', ')
  const description = filled(plotWords[language].samples, { count: String(rows.contributions.length), names: listed })
  const height = order.length * rowHeight
  const axis = element('line', { x1: middle, x2: middle, y1: 0, y2: height, stroke: plotColours.quiet })
  return svgFrame({ width, height, title: what, description }, axis, ...names, ...dots)
}

/** Contributions over time. */
export interface OverTime {
  readonly names: readonly string[]
  /** Labels of the columns, oldest first. */
  readonly times: readonly string[]
  /** `[names][times]`. */
  readonly contributions: readonly ArrayLike<number>[]
}

/** Draws a cell for each feature and time; the stronger the colour, the more it moved the prediction. */
export function timeHeatMap({ names, times, contributions }: OverTime, wish: PlotWish): string {
  const cells = contributions.flatMap((row, line) =>
    Array.from(row, (value, column) => ({ line, column, value, label: `${names[line]} ${times[column]}` })),
  )
  const largest = largestOf(cells.map(({ value }) => value))
  const cellWidth = plotWidth / Math.max(1, times.length)
  const lineHeight = 24
  const drawn = cells.map(({ line, column, value, label }) =>
    element(
      'rect',
      {
        x: nameWidth + column * cellWidth,
        y: line * lineHeight,
        width: cellWidth - 1,
        height: lineHeight - 1,
        fill: value > 0 ? plotColours.raises : plotColours.lowers,
        'fill-opacity': Math.abs(value) / largest,
      },
      element('title', {}, escapeXml(`${label}: ${plainNumber(value)}`)),
    ),
  )
  const words = names.map((name, line) =>
    element('text', { x: nameWidth - 10, y: line * lineHeight + 17, 'text-anchor': 'end' }, escapeXml(name)),
  )
  const below = names.length * lineHeight + 16
  const ends = [times[0], times.at(-1)].map((label = '', end) =>
    element(
      'text',
      { x: end === 0 ? nameWidth : nameWidth + plotWidth, y: below, 'text-anchor': end === 0 ? 'start' : 'end' },
      escapeXml(label),
    ),
  )
  const strongest = cells.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 3)
  const said = strongest.map(({ label, value }) => `${label} ${plainNumber(value)}`).join(', ')
  const description = filled(plotWords[wish.language].heat, { what: wish.what, strongest: said })
  return svgFrame({ width, height: below + 6, title: wish.what, description }, ...words, ...drawn, ...ends)
}
