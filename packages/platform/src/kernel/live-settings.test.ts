// Live settings: what is valid takes effect at the next use, what is faulty changes nothing, the environment goes first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLiveSettings } from './live-settings.ts'

const specs = {
  edge: {
    rate: { env: 'RATE', kind: 'integer', fallback: 5, min: 1, max: 100, about: 'Rate', isLive: true },
    port: { env: 'PORT', kind: 'port', fallback: 80, about: 'Port' },
  },
  log: { level: { env: 'LEVEL', kind: 'text', fallback: 'warn', oneOf: ['warn', 'info'], about: 'L', isLive: true } },
} as const

const values = (pairs: Readonly<Record<string, string>>): ReadonlyMap<string, string> => new Map(Object.entries(pairs))

test('a value takes effect, is reported once, and its removal brings the default back', () => {
  const { settings, apply } = createLiveSettings(specs, {})
  const { edge } = settings
  assert.deepEqual(apply(values({ RATE: ' 7 ' })), [{ name: 'RATE', outcome: 'changed' }])
  assert.equal(edge.rate, 7)
  assert.deepEqual(apply(values({ RATE: '7' })), [])
  assert.deepEqual(apply(values({})), [{ name: 'RATE', outcome: 'changed' }])
  assert.equal(edge.rate, 5)
})

test('a faulty value is refused without being repeated, and the last good one stays', () => {
  const { settings, apply } = createLiveSettings(specs, {})
  apply(values({ RATE: '7' }))
  const [change] = apply(values({ RATE: 'seven' }))
  assert.deepEqual(change, { name: 'RATE', outcome: 'refused', reason: 'it must be a whole number from 1 to 100' })
  assert.equal(settings.edge.rate, 7)
  assert.deepEqual(
    apply(values({ RATE: '7', LEVEL: 'loud' })).map(({ name, outcome }) => `${name} ${outcome}`),
    ['RATE changed', 'LEVEL refused'],
  )
})

test('the environment goes first, and what cannot change is told', () => {
  const { settings, apply } = createLiveSettings(specs, { RATE: '3' })
  const outcomes = apply(values({ RATE: '9', PORT: '81', OTHER: 'x' })).map(({ name, outcome }) => `${name} ${outcome}`)
  assert.deepEqual(outcomes, ['RATE ignored', 'PORT ignored', 'OTHER ignored'])
  assert.deepEqual([settings.edge.rate, settings.edge.port], [3, 80])
  assert.deepEqual(apply(values({ RATE: '9', PORT: '81', OTHER: 'x' })), [])
})

test('the environment alone is read as ever, with all its faults', () => {
  assert.throws(
    () => createLiveSettings(specs, { RATE: '0', LEVEL: 'x' }),
    /RATE[\s\S]*LEVEL is "x" and must be one of/,
  )
})

test('law: whatever comes from outside, the value in force is valid', () => {
  const { settings, apply } = createLiveSettings(specs, {})
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer().map(String)), (text) => {
      apply(values({ RATE: text }))
      const { rate } = settings.edge
      assert.ok(Number.isInteger(rate) && rate >= 1 && rate <= 100)
    }),
  )
})
