// From a phantom with known truth to lungs, candidates, measures and a segmentation object.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import dcmjs from 'dcmjs'
import fc from 'fast-check'
import { bulkDataAt, itemsOf, metadataOf, numberOf, readHeader, textOf } from '../index.ts'
import { type ChestPhantom, createChestPhantom, phantomFiles, phantomUids } from '../phantom/index.ts'
import {
  type CtVolume,
  candidateRules,
  findCandidates,
  findLungs,
  measureNodules,
  type SourceSeries,
  writeSegmentation,
} from './index.ts'

function volumeOf({ grid, hu }: ChestPhantom): CtVolume {
  const first = (count: number, step: number): number => (-(count - 1) / 2) * step
  return {
    hu,
    grid: {
      slices: grid.slices,
      rows: grid.rows,
      columns: grid.columns,
      rowMm: grid.pixelMm,
      columnMm: grid.pixelMm,
      sliceMm: grid.sliceMm,
      originMm: [first(grid.columns, grid.pixelMm), first(grid.rows, grid.pixelMm), first(grid.slices, grid.sliceMm)],
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
      sliceDirection: [0, 0, 1],
    },
  }
}

const phantom = createChestPhantom({
  seed: 11,
  size: 192,
  slices: 60,
  nodules: [
    { diameterMm: 22, texture: 'solid', side: 'right' },
    { diameterMm: 16, texture: 'ground-glass', side: 'left' },
    { diameterMm: 12, texture: 'solid', side: 'left' },
  ],
})
const volume = volumeOf(phantom)
const lungs = findLungs(volume)
const truth = Uint8Array.from(phantom.labels, (label) => (label > 0 ? 230 : 0))
const candidates = findCandidates(volume.grid, truth, lungs.mask)

test('finds the lungs with the nodules in them, and nothing outside the body', () => {
  // The phantom's two lungs hold about four litres.
  assert.ok(lungs.volumeMl > 3000 && lungs.volumeMl < 6500, `${lungs.volumeMl} ml`)
  const labelled = [...phantom.labels.keys()].filter((at) => (phantom.labels[at] ?? 0) > 0)
  const inside = labelled.filter((at) => lungs.mask[at] === 1).length
  assert.ok(inside / labelled.length > 0.98, `${inside} of ${labelled.length} nodule voxels`)
  for (let at = 0; at < lungs.mask.length; at += 192 * 192) assert.equal(lungs.mask[at], 0)
  const bone = [...phantom.hu.keys()].filter((at) => (phantom.hu[at] ?? 0) > 400)
  assert.ok(bone.filter((at) => lungs.mask[at] === 1).length / bone.length < 0.02)
})

test('finds no lungs in a block of tissue or of air', () => {
  for (const value of [40, -1000]) {
    const found = findLungs({ ...volume, hu: new Int16Array(volume.hu.length).fill(value) })
    assert.equal(found.slicesWithLung, 0)
    assert.ok(found.mask.every((voxel) => voxel === 0))
  }
})

test('joins voxels to nodules, drops specks, weak ones and what lies outside the lungs', () => {
  assert.equal(candidates.length, 3)
  const spotted = truth.slice()
  const lungVoxel = lungs.mask.findIndex((inside, at) => inside === 1 && truth[at] === 0 && at > 30 * 192 * 192)
  spotted[lungVoxel] = 255 // one voxel is below the volume of a sphere of 3 mm
  spotted[0] = 255 // air around the body
  assert.equal(findCandidates(volume.grid, spotted, lungs.mask).length, 3)
  assert.equal(findCandidates(volume.grid, truth, lungs.mask, { ...candidateRules, leastPeak: 0.95 }).length, 0)
  assert.equal(findCandidates(volume.grid, truth, lungs.mask, { ...candidateRules, most: 1 }).length, 1)
})

test('measures what the phantom was made of', () => {
  const measured = measureNodules(volume, candidates, lungs.mask)
  for (const nodule of measured) {
    const known = phantom.nodules.reduce((best, one) => {
      const away = (centre: readonly number[]): number =>
        Math.hypot(...centre.map((v, i) => v - (nodule.centreMm[i] ?? 0)))
      return away(one.centreMm) < away(best.centreMm) ? one : best
    })
    const voxel = Math.max(volume.grid.rowMm, volume.grid.sliceMm)
    for (const [axis, value] of nodule.centreMm.entries()) {
      assert.ok(Math.abs(value - (known.centreMm[axis] ?? 0)) < voxel / 2)
    }
    // The surface has bumps of 7 % of the radius.
    assert.ok(Math.abs(nodule.longAxisMm - known.diameterMm) < 0.14 * known.diameterMm + voxel)
    assert.ok(nodule.shortAxisMm <= nodule.longAxisMm && nodule.shortAxisMm > 0.75 * nodule.longAxisMm)
    assert.ok(Math.abs(nodule.volumeMm3 - known.volumeMm3) / known.volumeMm3 < 0.03)
    assert.equal(nodule.side, known.side)
    assert.equal(nodule.density, known.texture)
    assert.ok(Math.abs(nodule.confidence - 230 / 255) < 1e-6)
    assert.ok(nodule.firstSlice <= nodule.axesSlice && nodule.axesSlice <= nodule.lastSlice)
  }
})

test('gathers each marked voxel once, whatever is marked', () => {
  const grid = { ...volume.grid, slices: 3, rows: 6, columns: 5, rowMm: 3, columnMm: 3, sliceMm: 3 }
  const all = new Uint8Array(90).fill(1)
  const marks = fc.uint8Array({ minLength: 90, maxLength: 90 })
  fc.assert(
    fc.property(marks, (marked) => {
      const found = findCandidates(grid, marked, all, {
        ...candidateRules,
        leastVolumeMm3: 0,
        mostElongation: 1e9,
        most: 90,
      })
      const gathered = found.flatMap(({ voxels }) => [...voxels]).toSorted((a, b) => a - b)
      const expected = [...marked.keys()].filter((at) => (marked[at] ?? 0) >= 128)
      assert.deepEqual(gathered, expected)
    }),
    { numRuns: 100 },
  )
})

function segmentation(): Uint8Array {
  const uids = phantomUids(phantom)
  const files = [...phantomFiles(phantom)]
  const source: SourceSeries = {
    grid: volume.grid,
    studyUid: uids.study,
    seriesUid: uids.series,
    frameOfReferenceUid: uids.frameOfReference,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    instanceUids: files.map(({ sopInstanceUid }) => sopInstanceUid),
    patientAndStudy: {
      '00080020': ['DA', ['20260105']],
      '00080030': ['TM', ['080000']],
      '00080050': ['SH', ['']],
      '00080090': ['PN', ['']],
      '00100010': ['PN', ['Phantom^Chest']],
      '00100020': ['LO', ['PHANTOM']],
      '00100030': ['DA', ['']],
      '00100040': ['CS', ['O']],
      '00200010': ['SH', ['1']],
    },
  }
  const nodules = candidates.map(({ voxels }, index) => ({
    voxels,
    label: `Nodule ${index + 1}`,
    description: 'Marked by a model',
  }))
  return writeSegmentation(nodules, source, {
    instanceUid: '2.25.1001',
    seriesUid: '2.25.1002',
    dimensionUid: '2.25.1003',
    seriesNumber: 901,
    date: '20260105',
    time: '090000',
    softwareVersion: '0.1.0',
  })
}

test('writes a segmentation that another reader reads back voxel by voxel', () => {
  const header = readHeader(segmentation())
  const metadata = metadataOf(header, { bulkDataUri: (path) => path })
  assert.equal(textOf(metadata, '00080060'), 'SEG')
  assert.equal(itemsOf(metadata, '00620002').length, 3)
  const groups = itemsOf(metadata, '52009230')
  assert.equal(numberOf(metadata, '00280008'), groups.length)
  const bits = bulkDataAt(header, '7FE00010') ?? new Uint8Array()
  const area = 192 * 192
  const read: number[] = []
  for (const [frame, group] of groups.entries()) {
    const position = itemsOf(group, '00209113')[0]?.['00200032']?.Value?.[2]
    const slice = Math.round((Number(position) - volume.grid.originMm[2]) / volume.grid.sliceMm)
    for (let pixel = 0; pixel < area; pixel++) {
      const bit = frame * area + pixel
      if (((bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) read.push(slice * area + pixel)
    }
  }
  const written = candidates.flatMap(({ voxels }) => [...voxels])
  assert.deepEqual(
    read.toSorted((a, b) => a - b),
    written.toSorted((a, b) => a - b),
  )
})

test('is read by dcmjs with the same segments and as many pixels', () => {
  const { DicomMessage, DicomMetaDictionary, BitArray } = dcmjs.data
  const file = segmentation()
  const { dict } = DicomMessage.readFile(
    file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer,
  )
  const dataset = DicomMetaDictionary.naturalizeDataset(dict)
  const labels = [dataset.SegmentSequence].flat().map(({ SegmentLabel }) => SegmentLabel)
  assert.deepEqual(labels, ['Nodule 1', 'Nodule 2', 'Nodule 3'])
  const [packed] = [dataset.PixelData].flat()
  assert.ok(packed instanceof ArrayBuffer)
  const pixels = BitArray.unpack(packed).reduce((sum, pixel) => sum + (pixel > 0 ? 1 : 0), 0)
  assert.equal(pixels, candidates.flatMap(({ voxels }) => [...voxels]).length)
})

const verifier = spawnSync('dciodvfy', ['-version'])
const noVerifier = verifier.error === undefined ? false : 'dciodvfy is not installed (Debian: apt install dicom3tools)'

test('writes a segmentation in which dciodvfy finds no error', { skip: noVerifier }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-segmentation-'))
  try {
    const path = join(folder, 'segmentation.dcm')
    writeFileSync(path, segmentation())
    const { stderr, stdout } = spawnSync('dciodvfy', [path], { encoding: 'utf8' })
    const errors = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
    assert.deepEqual(errors, [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
