// A waterfall: from the reference at the top, one bar for each contribution, down to the prediction.
import { type PlotData, type PlotStep, waterfallSteps } from './steps.ts'
import { element, escapeXml, linked, plotColours, svgFrame } from './svg.ts'
import { type PlotWish, plainNumber, plotSummary, plotWords, signed } from './words.ts'

const width = 720
const rowHeight = 30
const nameWidth = 270
const valueWidth = 90
const barHeight = 18
const plotWidth = width - nameWidth - valueWidth

function bar(step: PlotStep, row: number, wish: PlotWish): string {
  const y = row * rowHeight
  const { name, value, contribution } = step
  const words = plotWords[wish.language]
  const isUp = contribution > 0
  const label = value === undefined ? name : `${name} = ${value}`
  return linked(
    step.href,
    element('title', {}, escapeXml(`${label}: ${isUp ? words.raises : words.lowers} ${signed(wish, contribution)}`)),
    element('text', { x: nameWidth - 10, y: y + 20, 'text-anchor': 'end' }, escapeXml(label)),
    element('rect', {
      x: nameWidth + step.left * plotWidth,
      y: y + (rowHeight - barHeight) / 2,
      width: Math.max(1, step.width * plotWidth),
      height: barHeight,
      fill: isUp ? plotColours.raises : plotColours.lowers,
    }),
    element('text', { x: width, y: y + 20, 'text-anchor': 'end' }, escapeXml(signed(wish, contribution))),
  )
}

function mark(text: string, at: number, row: number): string {
  const x = nameWidth + at * plotWidth
  const y = row * rowHeight
  return (
    element('text', { x: nameWidth - 10, y: y + 20, 'text-anchor': 'end', 'font-weight': 'bold' }, escapeXml(text)) +
    element('line', { x1: x, x2: x, y1: y + 4, y2: y + rowHeight - 4, stroke: 'currentColor', 'stroke-width': 2 })
  )
}

/** Draws it as SVG text, 720 wide; bars are links where items have an `href`. */
export function waterfallPlot(data: PlotData, wish: PlotWish): string {
  const { format = plainNumber, most = 12 } = wish
  const words = plotWords[wish.language]
  const { steps, baseAt, predictionAt } = waterfallSteps(data, most, words.others)
  const joints = steps.map(({ to }, index) => {
    const step = steps[index]
    const share = step === undefined ? 0 : to >= step.from ? step.left + step.width : step.left
    const x = nameWidth + share * plotWidth
    const y = (index + 1) * rowHeight + (rowHeight + barHeight) / 2
    return element('line', { x1: x, x2: x, y1: y, y2: y + rowHeight - barHeight, stroke: plotColours.quiet })
  })
  return svgFrame(
    { width, height: (steps.length + 2) * rowHeight, title: wish.what, description: plotSummary(data, wish) },
    mark(`${words.base} ${format(data.base)}`, baseAt, 0),
    ...joints,
    ...steps.map((step, index) => bar(step, index + 1, wish)),
    mark(`${words.prediction} ${format(data.prediction)}`, predictionAt, steps.length + 1),
  )
}
