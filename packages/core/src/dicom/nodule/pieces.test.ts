// The small rules of the reader: axes of known shapes, the fit onto the model's square, CT numbers of crops.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../cohort/index.ts'
import { close } from './closing.ts'
import { axesOf } from './diameters.ts'
import { elongationOf } from './elongation.ts'
import { anchoredHu, modelInputOf, modelSize, ontoModel, ontoSlice, sliceFit, type VolumeGrid } from './index.ts'

function pixelsWhere(rows: number, columns: number, isIn: (row: number, column: number) => boolean) {
  return Array.from({ length: rows * columns }, (_, at) => [Math.floor(at / columns), at % columns] as const).filter(
    ([row, column]) => isIn(row, column),
  )
}

test('measures a rectangle from edge to edge', () => {
  const bar = pixelsWhere(40, 40, (row, column) => row === 5 && column >= 10 && column < 30)
  const { longMm, shortMm } = axesOf(bar, 0.5, 0.7)
  assert.ok(Math.abs(longMm - 20 * 0.7) < 1e-9)
  assert.ok(Math.abs(shortMm - 0.5) < 1e-9)
})

test('measures an ellipse at any angle to within a pixel', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 6, max: 20, noNaN: true }),
      fc.double({ min: 0.4, max: 1, noNaN: true }),
      fc.double({ min: 0, max: Math.PI, noNaN: true }),
      (long, ratio, angle) => {
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
        const disc = pixelsWhere(64, 64, (row, column) => {
          const [x, y] = [column - 32, row - 32]
          return ((x * cos + y * sin) / long) ** 2 + ((y * cos - x * sin) / (long * ratio)) ** 2 <= 1
        })
        const { longMm, shortMm } = axesOf(disc, 1, 1)
        assert.ok(Math.abs(longMm - 2 * long) < 1.5, `${longMm} for ${2 * long}`)
        assert.ok(Math.abs(shortMm - 2 * long * ratio) < 2, `${shortMm} for ${2 * long * ratio}`)
      },
    ),
    { numRuns: 60 },
  )
})

test('gives a single pixel the size of a pixel', () => {
  assert.deepEqual(axesOf([[3, 4]], 0.7, 0.7), { longMm: 0.7, shortMm: 0.7, angle: 0 })
})

test('maps air to 0, bone to 1, and clips beyond', () => {
  const input = modelInputOf([-3024, -1000, -300, 400, 3071])
  assert.deepEqual([...input], [0, 0, 0.5, 1, 1])
})

test('gives crops their CT numbers back whatever they were scaled by', () => {
  const random = seededRandom(5)
  const hu = Float64Array.from({ length: 128 * 128 }, (_, at) => {
    const kind = at % 10
    const mean = kind < 6 ? -850 : kind < 9 ? 30 : 600
    return random.normal(mean, kind === 9 ? 200 : 25)
  })
  for (const [low, high, outside] of [
    [-1000, 1000, 0],
    [-1024, 3071, 0],
    [-3024, 1200, 2000],
  ] as const) {
    const crop = Uint8Array.from(hu, (value, at) =>
      at < outside ? 0 : Math.round((255 * Math.min(high - low, Math.max(0, value - low))) / (high - low)),
    )
    const back = anchoredHu(crop)
    const off = Array.from(back, (value, at) => Math.abs(value - (hu[at] ?? 0))).filter(
      (_, at) => at >= outside && at % 10 < 9,
    )
    const mean = off.reduce((sum, one) => sum + one, 0) / off.length
    assert.ok(mean < 60, `${mean} HU off for a crop scaled from ${low} to ${high}`)
  }
})

test('leaves a slice of 512 x 512 as it is', () => {
  const slice = Int16Array.from({ length: modelSize * modelSize }, (_, at) => (at % 3000) - 1000)
  const fit = sliceFit(modelSize, modelSize)
  assert.deepEqual(ontoModel(slice, fit), Float32Array.from(slice))
  const probabilities = Float32Array.from(slice, (_, at) => (at % 256) / 255)
  assert.deepEqual(
    [...ontoSlice(probabilities, fit).slice(0, 300)],
    [...Array(300).keys()].map((at) => at % 256),
  )
})

test('brings smaller, larger and oblong slices onto the square and back to within half a pixel', () => {
  for (const [rows, columns] of [
    [128, 128],
    [1024, 1024],
    [300, 420],
  ] as const) {
    const fit = sliceFit(rows, columns)
    const slice = new Int16Array(rows * columns).fill(-1000)
    const centre = [Math.round(rows * 0.6), Math.round(columns * 0.3)] as const
    const radius = rows / 10
    const disc = pixelsWhere(rows, columns, (row, column) => Math.hypot(row - centre[0], column - centre[1]) < radius)
    for (const [row, column] of disc) slice[row * columns + column] = 0
    const image = ontoModel(slice, fit)
    assert.equal(image.length, modelSize * modelSize)
    const back = ontoSlice(
      Float32Array.from(image, (value) => (value + 1000) / 1000),
      fit,
    )
    const found = pixelsWhere(rows, columns, (row, column) => (back[row * columns + column] ?? 0) >= 128)
    const mean = (axis: 0 | 1): number => found.reduce((sum, pixel) => sum + pixel[axis], 0) / found.length
    assert.ok(Math.abs(mean(0) - centre[0]) < 0.5 && Math.abs(mean(1) - centre[1]) < 0.5)
    assert.ok(Math.abs(found.length / disc.length - 1) < 0.06, `${found.length} of ${disc.length}`)
  }
})

test('closes gaps narrower than the disc and keeps what is wider', () => {
  const [rows, columns] = [60, 60]
  const plane = (isIn: (row: number, column: number) => boolean) => ({
    rows,
    columns,
    pixels: Uint8Array.from({ length: rows * columns }, (_, at) =>
      isIn(Math.floor(at / columns), at % columns) ? 1 : 0,
    ),
  })
  const box = (row: number, column: number): boolean => row > 12 && row < 48 && column > 12 && column < 48
  const narrow = close(
    plane((row, column) => box(row, column) && Math.abs(row - 30) > 3),
    5,
  )
  assert.equal(narrow.pixels[30 * columns + 30], 1)
  const wide = close(
    plane((row, column) => box(row, column) && Math.abs(row - 30) > 9),
    5,
  )
  assert.equal(wide.pixels[30 * columns + 30], 0)
})

test('tells a tube from a ball at any angle', () => {
  const grid: VolumeGrid = {
    ...{ slices: 40, rows: 40, columns: 40, rowMm: 1, columnMm: 1, sliceMm: 1 },
    originMm: [0, 0, 0],
    rowDirection: [1, 0, 0],
    columnDirection: [0, 1, 0],
    sliceDirection: [0, 0, 1],
  }
  const voxelsWhere = (isIn: (x: number, y: number, z: number) => boolean): readonly number[] =>
    [...Array(40 ** 3).keys()].filter((at) =>
      isIn((at % 40) - 20, (Math.floor(at / 40) % 40) - 20, Math.floor(at / 1600) - 20),
    )
  const ball = elongationOf(
    grid,
    voxelsWhere((x, y, z) => Math.hypot(x, y, z) < 8),
  )
  assert.ok(Math.abs(ball - 1) < 0.02, `${ball}`)
  for (const [dx, dy, dz] of [
    [1, 0, 0],
    [0.577, 0.577, 0.577],
    [0, 0.6, 0.8],
  ] as const) {
    // A cylinder of length 24 and radius 3: deviations of 24 / √12 and 3 / 2.
    const tube = elongationOf(
      grid,
      voxelsWhere((x, y, z) => {
        const along = x * dx + y * dy + z * dz
        return Math.abs(along) < 12 && Math.hypot(x - along * dx, y - along * dy, z - along * dz) < 3
      }),
    )
    assert.ok(Math.abs(tube - 24 / Math.sqrt(12) / 1.5) < 0.5, `${tube}`)
  }
})
