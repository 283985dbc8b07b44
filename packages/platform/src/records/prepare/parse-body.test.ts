// Exact decimals: what JavaScript's numbers forget is kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { maxDepth, parseJson, restoreDecimals } from './parse-body.ts'

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

function refusal(text: string): string {
  try {
    parseJson(text)
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'malformed-body', String(error))
    return error.message
  }
  return ''
}

test('refuses numbers that would be stored as zero or could not be sorted', () => {
  for (const number of ['1e-20000', `0.${'0'.repeat(400)}1`, '-4e-400', '9'.repeat(500), `1.${'0'.repeat(20_000)}`]) {
    assert.match(refusal(`{"a":${number}}`), /too many digits, or is too near zero/)
  }
  for (const number of ['0', '0.0', '0e9', '-0.00', '1e-300', '1e300', `1.${'0'.repeat(300)}`]) {
    assert.equal(refusal(`{"a":${number}}`), '')
  }
})

test('refuses an object that names a member twice', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":{"b":1,"c":[{"d":1 , "d" : 2}]}}',
    '{"a":1,"\\u0061":2}',
    '{ "a" : 1 , "a" : 2 }',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ]) {
    assert.match(refusal(text), /twice in one object/, text)
  }
})

test('takes any other object, whatever its texts look like', () => {
  const tricky = fc.oneof(fc.string(), fc.constantFrom('":', ':', '\\":', '"a":1', '{"a":', '\\', '"', '__proto__'))
  const json = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, tricky, fc.integer(), fc.array(tie('value')), fc.dictionary(tricky, tie('value'))),
  })).value
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1), (value, indent) => {
      assert.equal(refusal(JSON.stringify({ value }, null, indent)), '')
    }),
  )
})

test('refuses objects with more members than any element has', () => {
  const wide = (members: number) => `{"a":[{${Array.from({ length: members }, (_, n) => `"x${n}":1`).join(',')}}]}`
  assert.equal(refusal(wide(1000)), '')
  assert.match(refusal(wide(1001)), /more than 1000 members/)
})

test('counts depth and ends early', () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels)}1${']}'.repeat(levels)}`
  assert.equal(refusal(nested(maxDepth / 2)), '')
  assert.match(refusal(nested(maxDepth / 2 + 1)), /nested deeper/)
  assert.match(refusal(nested(50_000)), /nested deeper/)
})
