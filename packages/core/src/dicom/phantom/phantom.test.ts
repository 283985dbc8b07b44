// The phantom: the same for the same seed, anatomically where it says, with nodules of the published sizes, in valid files.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import dicomParser from 'dicom-parser'
import { seededRandom } from '../../cohort/index.ts'
import { createChestPhantom, drawDiameterMm, phantomFile, phantomFiles, phantomUids } from './index.ts'

const small = { seed: 7, size: 96, slices: 24 } as const

test('makes the same voxels for the same seed, and others for another', () => {
  const first = createChestPhantom(small)
  assert.deepEqual(createChestPhantom(small).hu, first.hu)
  assert.notDeepEqual(createChestPhantom({ ...small, seed: 8 }).hu, first.hu)
})

test('draws diameters from the distribution published with LUNA16', () => {
  const random = seededRandom(1)
  const drawn = Array.from({ length: 20_000 }, () => drawDiameterMm(random))
  const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length
  const deviation = Math.sqrt(drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length)
  // Cutting at 33 mm takes a little of both.
  assert.ok(Math.abs(mean - 8.31) < 0.35, `mean ${mean}`)
  assert.ok(Math.abs(deviation - 4.76) < 0.7, `deviation ${deviation}`)
  assert.ok(Math.min(...drawn) >= 3 && Math.max(...drawn) <= 33)
})

test('fills a nodule with its volume, at its place, with its density', () => {
  const phantom = createChestPhantom({
    seed: 3,
    size: 192,
    slices: 80,
    noiseHu: 0,
    nodules: [
      { diameterMm: 20, texture: 'solid', side: 'right' },
      { diameterMm: 18, texture: 'ground-glass', side: 'left' },
    ],
  })
  const { grid, nodules, hu, labels } = phantom
  for (const { label, diameterMm, volumeMm3, centreMm, texture, side } of nodules) {
    const sphere = (Math.PI / 6) * diameterMm ** 3
    assert.ok(Math.abs(volumeMm3 / sphere - 1) < 0.1, `${volumeMm3} of ${sphere} mm3`)
    assert.equal(Math.sign(centreMm[0]), side === 'left' ? 1 : -1)
    const column = Math.round(centreMm[0] / grid.pixelMm + (grid.columns - 1) / 2)
    const row = Math.round(centreMm[1] / grid.pixelMm + (grid.rows - 1) / 2)
    const slice = Math.round(centreMm[2] / grid.sliceMm + (grid.slices - 1) / 2)
    const at = (slice * grid.rows + row) * grid.columns + column
    assert.equal(labels[at], label)
    assert.equal(hu[at], texture === 'solid' ? 35 : -580)
  }
})

test('has air around the body, lung inside it, and no nodule in a healthy chest', () => {
  const phantom = createChestPhantom({ ...small, nodules: [], noiseHu: 0 })
  const { rows, columns } = phantom.grid
  const middle = 12 * rows * columns
  assert.equal(phantom.hu[middle], -1000)
  assert.ok(phantom.labels.every((label) => label === 0))
  const lungVoxels = phantom.hu.slice(middle, middle + rows * columns).filter((value) => value > -930 && value < -780)
  const areaMm2 = lungVoxels.length * phantom.grid.pixelMm ** 2
  assert.ok(areaMm2 > 15_000 && areaMm2 < 35_000, `${areaMm2} mm2 of lung in the middle slice`)
})

test('refuses a grid that is no grid, and a nodule larger than a lung', () => {
  const invalid = { code: 'invalid-parameter' }
  assert.throws(() => createChestPhantom({ seed: 1, size: 0 }), invalid)
  assert.throws(() => createChestPhantom({ seed: 1, slices: 1.5 }), invalid)
  assert.throws(() => createChestPhantom({ seed: 1, size: 4096, slices: 4096 }), invalid)
  assert.throws(() => createChestPhantom({ ...small, nodules: [{ diameterMm: 300 }] }), invalid)
})

test('writes files that another reader reads back as the same voxels', () => {
  const phantom = createChestPhantom(small)
  const identity = { patientId: 'MRN-1', patientName: 'Zhang^San=张^三', occasion: 4 }
  const files = [...phantomFiles(phantom, identity)]
  assert.equal(files.length, 24)
  assert.equal(new Set(files.map(({ sopInstanceUid }) => sopInstanceUid)).size, 24)
  for (const [slice, file] of files.entries()) {
    const dataset = dicomParser.parseDicom(file.bytes)
    assert.equal(dataset.string('x0020000d'), phantomUids(phantom, identity).study)
    assert.equal(dataset.string('x00100020'), 'MRN-1')
    assert.equal(dataset.intString('x00200013'), slice + 1)
    const pixels = dataset.elements['x7fe00010']
    assert.equal(pixels?.length, 96 * 96 * 2)
    const stored = new Uint16Array(file.bytes.slice(pixels?.dataOffset).buffer)
    const first = slice * 96 * 96
    assert.ok(stored.every((value, at) => value - 1024 === phantom.hu[first + at]))
  }
})

const verifier = spawnSync('dciodvfy', ['-version'])
const noVerifier = verifier.error === undefined ? false : 'dciodvfy is not installed (Debian: apt install dicom3tools)'

test('writes files in which dciodvfy finds no error', { skip: noVerifier }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-phantom-'))
  try {
    const path = join(folder, 'slice.dcm')
    writeFileSync(path, phantomFile(createChestPhantom(small), 12).bytes)
    const { stderr, stdout } = spawnSync('dciodvfy', [path], { encoding: 'utf8' })
    const errors = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
    assert.deepEqual(errors, [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
