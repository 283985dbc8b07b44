// Plots: well-formed, labelled, escaped, and drawn where the numbers are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { forcePlot } from './force.ts'
import { beeswarmPlot, timeHeatMap } from './many.ts'
import { type PlotData, waterfallSteps } from './steps.ts'
import { plotTable } from './svg.ts'
import { waterfallPlot } from './waterfall.ts'
import type { PlotWish } from './words.ts'

const data: PlotData = {
  base: 0.12,
  prediction: 0.34,
  items: [
    { name: 'GCS', contribution: 0.2, value: '7', href: '/fhir/Observation/1' },
    { name: 'Lactate', contribution: 0.06 },
    { name: 'Temperature', contribution: -0.04 },
    { name: 'WBC', contribution: 0 },
  ],
}
const wish: PlotWish = { language: 'en', what: 'risk of death', format: (value) => `${(value * 100).toFixed(1)} %` }

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

function parse(xml: string): { readonly elements: readonly Element[]; readonly texts: string } {
  const elements: Element[] = []
  const texts: string[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => elements.push({ name, attributes: { ...attributes } }))
  parser.on('text', (text) => texts.push(text))
  parser.write(xml).close()
  return { elements, texts: texts.join('|') }
}

test('steps lead from base to prediction, largest first, without those that move nothing', () => {
  const { steps, baseAt, predictionAt, gathered } = waterfallSteps(data, 12, 'others')
  assert.deepEqual(
    steps.map(({ name }) => name),
    ['GCS', 'Lactate', 'Temperature'],
  )
  assert.equal(gathered, 0)
  assert.ok(Math.abs((steps.at(-1)?.to ?? 0) - data.prediction) < 1e-12)
  const first = steps[0]
  assert.ok(first !== undefined && Math.abs(first.left - baseAt) < 1e-12)
  const last = steps[2]
  assert.ok(last !== undefined && Math.abs(last.left - predictionAt) < 1e-12)
  const few = waterfallSteps(data, 2, 'others')
  assert.deepEqual(
    few.steps.map(({ name }) => name),
    ['GCS', 'others'],
  )
  assert.ok(Math.abs((few.steps[1]?.contribution ?? 0) - 0.02) < 1e-12)
  assert.equal(few.gathered, 2)
})

test('force plot and waterfall are labelled images whose bars lead to what they are made of', () => {
  for (const plot of [forcePlot, waterfallPlot]) {
    const { elements, texts } = parse(plot(data, wish))
    assert.equal(elements[0]?.attributes.role, 'img')
    assert.deepEqual(
      elements.slice(1, 3).map(({ name }) => name),
      ['title', 'desc'],
    )
    assert.match(texts, /risk of death: 34\.0 %, reference 12\.0 %\. Largest: GCS \+20\.0 %, Lactate \+6\.0 %/)
    assert.deepEqual(
      elements.filter(({ name }) => name === 'a').map(({ attributes }) => attributes.href),
      ['/fhir/Observation/1'],
    )
    assert.match(parse(plot(data, { ...wish, language: 'zh', what: '死亡风险' })).texts, /死亡风险：34.0 %，参照12.0 %/)
  }
  const widths = parse(waterfallPlot(data, wish))
    .elements.filter(({ name }) => name === 'rect')
    .map(({ attributes }) => Number(attributes.width))
  assert.ok(Math.abs((widths[0] ?? 0) / (widths[1] ?? 1) - 0.2 / 0.06) < 0.01)
})

test('the table beside a plot holds every number', () => {
  const { texts, elements } = parse(plotTable(data, wish))
  for (const text of ['reference', '12.0 %', 'GCS', '7', '+20.0 %', '−4.0 %', 'prediction', '34.0 %'])
    assert.ok(texts.includes(text), text)
  assert.equal(elements.filter(({ name }) => name === 'tr').length, 6)
})

test('beeswarm and heat map have a dot or cell for each number', () => {
  const rows = { names: ['a', 'b', 'c'], contributions: [Float64Array.of(1, 2, 3), [0, -2, 1], [0, 0, 0]] }
  const swarm = parse(beeswarmPlot(rows, wish))
  assert.equal(swarm.elements.filter(({ name }) => name === 'circle').length, 9)
  assert.match(swarm.texts, /3 rows, one dot each; .*b 1\.333, c 1\.333, a 0\.3333/)
  const heat = parse(timeHeatMap({ ...rows, times: ['0 h', '2 h', '4 h'] }, wish))
  assert.equal(heat.elements.filter(({ name }) => name === 'rect').length, 9)
  assert.match(heat.texts, /strongest at a 4 h 3/)
})

test('whatever names and numbers come, the picture is well-formed and leads nowhere dangerous', () => {
  const items = fc.array(
    fc.record({
      name: fc.string({ unit: 'binary', maxLength: 20 }),
      contribution: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      href: fc.constantFrom('javascript:alert(1)', '//evil.example', '/fhir/Observation/"x"', 'data:text/html,x'),
    }),
    { maxLength: 15 },
  )
  fc.assert(
    fc.property(items, (list) => {
      const prediction = list.reduce((sum, { contribution }) => sum + contribution, 1)
      for (const draw of [forcePlot, waterfallPlot, plotTable]) {
        const { elements } = parse(draw({ base: 1, prediction, items: list }, wish))
        const links = elements.filter(({ name }) => name === 'a').map(({ attributes }) => attributes.href ?? '')
        assert.ok(links.every((href) => href.startsWith('/fhir/')))
        assert.ok(elements.every(({ attributes }) => !Object.values(attributes).some((value) => value.includes('NaN'))))
      }
    }),
    { numRuns: 100 },
  )
})
