// Slices in order, drawn through a window, cut the other way, and masks with their outline.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DicomJson } from '@xinglin/core/dicom/image'
import { drawAxial, drawCoronal, drawMask, greyTable } from './draw.ts'
import { coronalMask, masksByInstance } from './masks.ts'
import { boundedWindow, presets } from './presets.ts'
import { middleOutwards, stackOfSeries, unitsOf } from './volume.ts'

function slice(uid: string, zMm: number, number: number): DicomJson {
  return {
    '00080018': { vr: 'UI', Value: [uid] },
    '00200013': { vr: 'IS', Value: [number] },
    '00200032': { vr: 'DS', Value: [0, 0, zMm] },
    '00200037': { vr: 'DS', Value: [1, 0, 0, 0, 1, 0] },
    '00280010': { vr: 'US', Value: [2] },
    '00280011': { vr: 'US', Value: [3] },
    '00280030': { vr: 'DS', Value: [0.7, 0.8] },
    '00280100': { vr: 'US', Value: [16] },
    '00280103': { vr: 'US', Value: [0] },
    '00281052': { vr: 'DS', Value: [-1024] },
    '7FE00010': { vr: 'OW', BulkDataURI: 'x' },
  }
}

test('orders slices from feet to head, whatever their numbers say', () => {
  const stack = stackOfSeries([slice('c', 10, 1), slice('a', 0, 3), slice('b', 5, 2)])
  assert.deepEqual(
    stack?.slices.map(({ sopInstanceUid }) => sopInstanceUid),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(stack?.spacingMm, [0.7, 0.8, 5])
  assert.equal(stack?.isVolume, true)
  assert.equal(stackOfSeries([slice('c', 10, 1), slice('a', 0, 3), slice('b', 2, 2)])?.isVolume, false)
  assert.equal(stackOfSeries([{ '00080018': { vr: 'UI', Value: ['1'] } }]), undefined)
})

test('turns bytes into Hounsfield units', () => {
  const [info] = stackOfSeries([slice('a', 0, 1)])?.slices ?? []
  assert.ok(info)
  assert.deepEqual(
    [...unitsOf(info, new Uint16Array([0, 1024, 2024, 24, 1, 2]).buffer)],
    [-1024, 0, 1000, -1000, -1023, -1022],
  )
})

test('fetches from the middle outwards', () => {
  assert.deepEqual(middleOutwards(5), [2, 1, 3, 0, 4])
  assert.deepEqual(middleOutwards(1), [0])
  assert.deepEqual(middleOutwards(4, 0), [0, 1, 2, 3])
})

test('draws through the window, black below and white above', () => {
  const table = greyTable(presets.lung)
  const pixels = new Uint32Array(3)
  drawAxial({ pixels, columns: 3, rows: 1 }, Int16Array.of(-2000, -600, 2000), table)
  assert.deepEqual(
    [...pixels].map((pixel) => pixel & 0xff),
    [0, 128, 255],
  )
  assert.equal((pixels[0] ?? 0) >>> 24, 255)
})

test('cuts across the slices with the last on top, black where none came yet', () => {
  const table = greyTable({ center: 0, width: 1 })
  const pixels = new Uint32Array(3 * 2).fill(7)
  drawCoronal({ pixels, columns: 2, rows: 3 }, [Int16Array.of(0, 0, 9, -9), undefined, Int16Array.of(0, 0, -9, 9)], {
    row: 1,
    table,
  })
  assert.deepEqual(
    [...pixels].map((pixel) => pixel & 0xff),
    [0, 255, 0, 0, 255, 0],
  )
})

test('lays a mask with an outline over the picture', () => {
  const masks = masksByInstance({
    ...{ rows: 5, columns: 5, instances: ['a', 'b'] },
    nodules: [
      {
        number: 1,
        decision: 'open',
        runs: {
          1: [
            [6, 3],
            [11, 3],
            [16, 3],
          ],
        },
      },
      { number: 2, decision: 'rejected', runs: { 0: [[0, 25]] } },
    ],
  })
  assert.deepEqual([...masks.keys()], ['b'])
  const mask = masks.get('b')
  assert.ok(mask)
  const pixels = new Uint32Array(25).fill(0xff000000)
  drawMask({ pixels, columns: 5, rows: 5 }, mask)
  assert.equal(pixels[0], 0xff000000)
  assert.equal(pixels[6], 0xff457aff)
  assert.notEqual(pixels[12], 0xff457aff)
  assert.notEqual(pixels[12], 0xff000000)
  const cut = coronalMask([undefined, mask], { row: 2, columns: 5 })
  assert.deepEqual([...(cut ?? [])], [0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
  assert.equal(coronalMask([undefined, mask], { row: 0, columns: 5 }), undefined)
})

test('keeps a window within what can be drawn', () => {
  assert.deepEqual(boundedWindow({ center: 12.4, width: 0 }), { center: 12, width: 1 })
  assert.deepEqual(boundedWindow({ center: Number.NaN, width: 1e9 }), { center: -32_768, width: 65_535 })
})
