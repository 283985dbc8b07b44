// Stored values, Hounsfield units and windows against values worked out by hand and the formulas of PS3.3.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../errors/index.ts'
import type { DicomJson } from './model.ts'
import {
  frameBytes,
  greyOf,
  hounsfieldUnits,
  type PixelDescription,
  pixelDescription,
  rescaleOf,
  storedValues,
  windowOf,
} from './pixels.ts'

const grey: PixelDescription = {
  ...{ rows: 1, columns: 4, frames: 1, samplesPerPixel: 1, bitsAllocated: 16, bitsStored: 12 },
  ...{ isSigned: true, isPlanar: false, photometricInterpretation: 'MONOCHROME2' },
}
const us = (value: number) => ({ vr: 'US', Value: [value] })
const image: DicomJson = {
  '00280010': us(2),
  '00280011': us(3),
  '00280100': us(16),
  '00280101': us(12),
  '7FE00010': { vr: 'OW', BulkDataURI: 'x' },
}

test('reads the sign from the highest stored bit and drops what lies above', () => {
  const bytes = new Uint8Array(Uint16Array.of(0x0fff, 0x0800, 0xf001, 0x07ff).buffer)
  assert.deepEqual([...storedValues(bytes, grey)], [-1, -2048, 1, 2047])
  assert.deepEqual([...storedValues(bytes, { ...grey, isSigned: false })], [4095, 2048, 1, 2047])
})

test('reads values wherever the bytes lie in their file', () => {
  const file = new Uint8Array(20)
  file.set(new Uint8Array(Int16Array.of(-5, 6, -7, 8).buffer), 3)
  assert.deepEqual([...storedValues(file.subarray(3), { ...grey, bitsStored: 16 })], [-5, 6, -7, 8])
})

test('unpacks single bits, the lowest first', () => {
  const bits = { ...grey, rows: 2, columns: 5, bitsAllocated: 1, bitsStored: 1, isSigned: false }
  assert.equal(frameBytes(bits), 2)
  assert.deepEqual([...storedValues(Uint8Array.of(0b1000_0101, 0b10), bits)], [1, 0, 1, 0, 0, 0, 0, 1, 0, 1])
})

test('refuses frames that are too short and descriptions that contradict themselves', () => {
  assert.throws(() => storedValues(new Uint8Array(7), grey), AppError)
  for (const change of [
    { '00280100': us(12) },
    { '00280002': us(4) },
    { '00280010': us(0) },
    { '00280008': { vr: 'IS', Value: [-1] } },
  ]) {
    assert.throws(() => pixelDescription({ ...image, ...change }), AppError, JSON.stringify(change))
  }
  assert.equal(pixelDescription({ ...image, '7FE00010': undefined } as unknown as DicomJson), undefined)
  assert.deepEqual(pixelDescription(image)?.bitsStored, 12)
})

test('rescales to whole Hounsfield units within 16 bits', () => {
  const units = hounsfieldUnits(Int16Array.of(0, 1024, 32_767), { slope: 1, intercept: -1024 })
  assert.deepEqual([...units], [-1024, 0, 31_743])
  assert.deepEqual([...hounsfieldUnits(Int16Array.of(30_000, -30_000), { slope: 2, intercept: 0 })], [32_767, -32_768])
  assert.deepEqual(rescaleOf({ '00281053': { vr: 'DS', Value: [0] } }), { slope: 1, intercept: 0 })
})

test('maps a window as PS3.3 section C.11.2.1.2 does', () => {
  // The example of the standard's note: width 4096 and centre 2048 is the identity of 12 bits, scaled to 8.
  const window = { center: 2048, width: 4096 }
  for (const value of [0, 1, 1000, 2048, 4094, 4095])
    assert.equal(greyOf(value, window), Math.round((value / 4095) * 255))
  assert.deepEqual([greyOf(99, { center: 100, width: 1 }), greyOf(100, { center: 100, width: 1 })], [0, 255])
  assert.equal(greyOf(100, { center: 100, width: 50 }, 'sigmoid'), 128)
  assert.deepEqual(windowOf({}, Int16Array.of(-10, 30), { slope: 1, intercept: 0 }), { center: 10, width: 40 })
})

test('never draws darker what is brighter', () => {
  const units = fc.integer({ min: -3000, max: 3000 })
  fc.assert(
    fc.property(units, units, units, fc.integer({ min: 1, max: 4000 }), (a, b, center, width) => {
      for (const kind of ['linear', 'linear-exact', 'sigmoid'] as const) {
        const [dark, bright] = [
          greyOf(Math.min(a, b), { center, width }, kind),
          greyOf(Math.max(a, b), { center, width }, kind),
        ]
        assert.ok(dark <= bright && dark >= 0 && bright <= 255)
      }
    }),
    { numRuns: 300, seed: 5 },
  )
})
