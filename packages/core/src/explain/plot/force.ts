// A force plot: one line on which what raises pushes from the left and what lowers from the right, meeting at the prediction.
import { type PlotData, type PlotItem, waterfallSteps } from './steps.ts'
import { element, escapeXml, linked, plotColours, svgFrame } from './svg.ts'
import { type PlotWish, plainNumber, plotSummary, plotWords, signed } from './words.ts'

const width = 720
const lineY = 62
const barHeight = 26
const arrow = 7

interface Block extends PlotItem {
  readonly left: number
  readonly right: number
}

// Blocks from the prediction outwards, largest first; `direction` -1 goes to the left.
function blocks(items: readonly PlotItem[], start: number, direction: 1 | -1): readonly Block[] {
  let at = start
  return items.map((item) => {
    const from = at
    at += direction * Math.abs(item.contribution)
    return { ...item, left: Math.min(from, at), right: Math.max(from, at) }
  })
}

function arrowPath(left: number, right: number, isUp: boolean): string {
  const tip = Math.min(arrow, right - left)
  const [y, bottom, middle] = [lineY, lineY + barHeight, lineY + barHeight / 2]
  return isUp
    ? `M${left} ${y}L${right - tip} ${y}L${right} ${middle}L${right - tip} ${bottom}L${left} ${bottom}L${left + tip} ${middle}Z`
    : `M${right} ${y}L${left + tip} ${y}L${left} ${middle}L${left + tip} ${bottom}L${right} ${bottom}L${right - tip} ${middle}Z`
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}

/** Draws it as SVG text, 720 wide: reference and prediction marked, blocks are links where items have an `href`. */
export function forcePlot(data: PlotData, wish: PlotWish): string {
  const { format = plainNumber, most = 12 } = wish
  const words = plotWords[wish.language]
  const { steps } = waterfallSteps(data, most, words.others)
  const raising = steps.filter(({ contribution }) => contribution > 0)
  const lowering = steps.filter(({ contribution }) => contribution < 0)
  const all = [...blocks(raising, data.prediction, -1), ...blocks(lowering, data.prediction, 1)]
  const ends = [data.base, data.prediction, ...all.flatMap(({ left, right }) => [left, right])]
  const room = (Math.max(...ends) - Math.min(...ends)) * 0.08 || 1
  const [low, high] = [Math.min(...ends) - room, Math.max(...ends) + room]
  const xOf = (value: number): number => rounded(((value - low) / (high - low)) * width)
  const draw = (block: Block, index: number): string => {
    const isUp = block.contribution > 0
    const [left, right] = [xOf(block.left), xOf(block.right)]
    const label = block.value === undefined ? block.name : `${block.name} = ${block.value}`
    const isNamed = right - left > 60
    const at = { x: (left + right) / 2, y: lineY + barHeight + 18 + (index % 2) * 17, 'text-anchor': 'middle' }
    const shape = element('path', {
      ...{ d: arrowPath(left, right, isUp), fill: isUp ? plotColours.raises : plotColours.lowers },
      ...{ stroke: '#fff', 'stroke-width': 1 },
    })
    const words2 = element('title', {}, escapeXml(`${label}: ${signed(wish, block.contribution)}`))
    return linked(block.href, words2, shape, isNamed ? element('text', at, escapeXml(label)) : '')
  }
  const mark = (value: number, text: string, y: number): string =>
    element('text', { x: xOf(value), y, 'text-anchor': 'middle', 'font-weight': 'bold' }, escapeXml(text)) +
    element('line', { x1: xOf(value), x2: xOf(value), y1: y + 4, y2: lineY, stroke: 'currentColor' })
  return svgFrame(
    { width, height: lineY + barHeight + 46, title: wish.what, description: plotSummary(data, wish) },
    mark(data.base, `${words.base} ${format(data.base)}`, 16),
    mark(data.prediction, `${words.prediction} ${format(data.prediction)}`, 38),
    ...all.map(draw),
  )
}
