// Hashes are stored: they must stay what they are, be safe integers, and be as rare to collide as 53 bits allow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { joinHash, stringHash } from './hash.ts'
import { sampleExamples } from './official-examples.test.ts'
import { parameterHash } from './parameter-keys.ts'
import { definitionsOf, resourceTypes } from './parameters.ts'
import { tokenHash } from './value-keys.ts'

test('hashes never change, because they are stored', () => {
  assert.equal(stringHash(''), 2262843195319283)
  assert.equal(stringHash('http://loinc.org'), 5233842043461964)
  assert.equal(joinHash(1, 2), 2502877051939350)
  const p = parameterHash({ base: 'Observation', code: 'code' })
  assert.equal(p, 8882030761310170)
  assert.equal(tokenHash(p, 'http://loinc.org', '8302-2'), 1478660794323207)
  assert.equal(tokenHash(p, undefined, '8302-2'), 438724115122319)
})

test('hashes are safe integers', () => {
  const isSafe = (hash: number) => Number.isSafeInteger(hash) && hash >= 0
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.maxSafeNat(), fc.maxSafeNat(), (text, a, b) => {
      return isSafe(stringHash(text)) && isSafe(joinHash(a, b))
    }),
  )
})

test('all parameters of all types have hashes of their own', () => {
  const names = resourceTypes.flatMap((type) => [...definitionsOf(type).values()])
  assert.equal(new Set(names.map(parameterHash)).size, names.length)
})

test('the strings of the official examples do not collide', () => {
  const texts = new Set<string>()
  for (const resource of sampleExamples(1500, 1)) collect(resource, texts)
  for (let number = 0; number < 300_000; number += 1) texts.add(`Patient/${number}`)
  assert.equal(new Set([...texts].map(stringHash)).size, texts.size)
  const joined = [...texts].map((text) => joinHash(stringHash('p'), stringHash(text)))
  assert.equal(new Set(joined).size, texts.size)
})

test('each bit of a hash is set about half the time, whatever small numbers are joined', () => {
  const samples = 20_000
  const counts = Array.from({ length: 53 }, () => 0)
  for (let number = 0; number < samples; number += 1) {
    const hash = joinHash(number & 127, number >> 7)
    for (let bit = 0; bit < 53; bit += 1) counts[bit] = (counts[bit] ?? 0) + (Math.floor(hash / 2 ** bit) % 2)
  }
  // Five standard deviations of a fair coin.
  const tolerance = 5 * Math.sqrt(samples / 4)
  for (const [bit, count] of counts.entries())
    assert.ok(Math.abs(count - samples / 2) < tolerance, `bit ${bit}: ${count}`)
})

function collect(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string') texts.add(value)
  else if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) collect(child, texts)
}
