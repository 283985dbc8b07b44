// Slices in space: order, spacing and evenness, whichever way the series runs and lies.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { alongNormal, imagePlane, normalOf, stackOf } from './geometry.ts'
import type { DicomJson } from './model.ts'

const ds = (...values: readonly number[]) => ({ vr: 'DS', Value: values })

function slice(z: number, directions: readonly number[] = [1, 0, 0, 0, 1, 0]): DicomJson {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = directions
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d]
  return {
    '00200032': ds(...normal.map((part) => part * z)),
    '00200037': ds(...directions),
    '00280030': ds(0.7, 0.8),
    '00180050': ds(5),
  }
}

test('reads a plane, and none where too little is said', () => {
  const plane = imagePlane(slice(12))
  assert.deepEqual(plane?.spacingMm, [0.7, 0.8])
  assert.deepEqual(plane && normalOf(plane), [0, 0, 1])
  assert.equal(plane && alongNormal(plane, [0, 0, 1]), 12)
  assert.equal(imagePlane({ '00200032': ds(1, 2, 3) }), undefined)
  assert.equal(imagePlane({ ...slice(1), '00280030': ds(0, 1) }), undefined)
  assert.equal(imagePlane({ ...slice(1), '00200037': ds(0, 0, 0, 0, 1, 0) }), undefined)
})

test('orders any shuffle of slices of any orientation along their normal', () => {
  const orientations = [
    [1, 0, 0, 0, 1, 0],
    [1, 0, 0, 0, 0, -1],
    [0, 1, 0, 0, 0, -1],
    [Math.SQRT1_2, Math.SQRT1_2, 0, 0, 0, -1],
  ]
  const places = fc.uniqueArray(fc.integer({ min: -500, max: 500 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(places, fc.constantFrom(...orientations), (zs, orientation) => {
      const { slices } = stackOf(
        zs.map((z) => ({ z, metadata: slice(z, orientation) })),
        ({ metadata }) => imagePlane(metadata),
      )
      assert.deepEqual(
        slices.map(({ z }) => z),
        zs.toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 100, seed: 4 },
  )
})

test('tells spacing and evenness, and leaves out what lies askew', () => {
  const even = stackOf(
    [0, 2, 4, 6].map((z) => slice(z)),
    imagePlane,
  )
  assert.deepEqual([even.spacingMm, even.isEven], [2, true])
  assert.equal(
    stackOf(
      [0, 2, 4, 9].map((z) => slice(z)),
      imagePlane,
    ).isEven,
    false,
  )
  assert.equal(stackOf([slice(0), slice(2), slice(1, [1, 0, 0, 0, 0, -1])], imagePlane).slices.length, 2)
  assert.deepEqual(stackOf([], imagePlane), { slices: [], spacingMm: 0, isEven: false })
  assert.equal(stackOf([slice(3)], imagePlane).spacingMm, 5)
})
