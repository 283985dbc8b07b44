// Exact decimals: what JavaScript's numbers forget is kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson, restoreDecimals } from './parse-body.ts'

const roundTrip = (text: string): string => {
  const { value, decimals } = parseJson(text)
  restoreDecimals(decimals)
  return JSON.stringify(value)
}

test('keeps the text of every number', () => {
  const text =
    '{"a":1.50,"b":[100.0,0.010,-0,1e2,-1.5E-7,12345678901234567890,3.14159265358979323846,0.0],"c":{"d":"1.50"}}'
  assert.equal(roundTrip(text), text)
})

test('keeps the text of any decimal, whatever stands around it', () => {
  const decimal = fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 }))
    .map(([whole, digits]) => (digits.length === 0 ? String(whole) : `${whole}.${digits.join('')}`))
  fc.assert(
    fc.property(fc.array(decimal, { minLength: 1 }), fc.string(), (decimals, text) => {
      const json = `{"x":${JSON.stringify(text)},"y":[${decimals.join(',')}]}`
      assert.equal(roundTrip(json), json)
    }),
  )
})

test('leaves places alone that hold another number by now', () => {
  const { value, decimals } = parseJson('{"a":1.50,"b":2.0}')
  Object.assign(value as object, { a: 7 })
  restoreDecimals(decimals)
  assert.equal(JSON.stringify(value), '{"a":7,"b":2.0}')
})
