// The area under the ROC curve against counting pairs, and its interval against the definition.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rocArea } from './roc.ts'

// The definition: how often the one with the event has the higher risk; ties count half.
function pairs(risks: readonly number[], outcomes: readonly boolean[]) {
  const events = risks.filter((_risk, index) => outcomes[index])
  const others = risks.filter((_risk, index) => !outcomes[index])
  const wins = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1)
  const byEvent = events.map((event) => mean(others.map((other) => wins(event, other))))
  const byOther = others.map((other) => mean(events.map((event) => wins(event, other))))
  return { area: mean(byEvent), error: Math.sqrt(spread(byEvent) / events.length + spread(byOther) / others.length) }
}

test('equals the share of pairs in the right order, with DeLong’s interval', () => {
  const one = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(one, { minLength: 6, maxLength: 60 }), (rows) => {
      const risks = rows.map(([risk]) => risk)
      const outcomes = rows.map(([, outcome]) => outcome)
      const events = outcomes.filter(Boolean).length
      if (events < 2 || events > rows.length - 2) return
      const found = rocArea(risks, outcomes)
      const wanted = pairs(risks, outcomes)
      assert.ok(found)
      assert.ok(Math.abs(found.area - wanted.area) < 1e-12)
      if (wanted.area <= 1e-9 || wanted.area >= 1 - 1e-9 || wanted.error < 1e-12) return
      const reach = (1.959964 * wanted.error) / (wanted.area * (1 - wanted.area))
      const logit = Math.log(wanted.area / (1 - wanted.area))
      assert.ok(Math.abs(found.low - 1 / (1 + Math.exp(reach - logit))) < 1e-9)
      assert.ok(Math.abs(found.high - 1 / (1 + Math.exp(-reach - logit))) < 1e-9)
    }),
  )
})

test('is not defined where everybody had the same outcome', () => {
  assert.equal(rocArea([0.1, 0.2], [true, true]), undefined)
  assert.equal(rocArea([], []), undefined)
})
