// The recipe without its data: batches that repeat, patients that stay apart, checkpoints that survive, Dice as defined.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@xinglin/core/cohort'
import { drawBatch, holdOut, learningRateAt } from './batches.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { type Crops, cropPixels, cropSize, readCrops, truthOf } from './lidc.ts'
import { readPlan } from './options.ts'
import { agreementOf, countPixels } from './overlap.ts'
import { readerAgreement } from './readers.ts'

// Crops with one bright square each, which two readers marked.
function squares(count: number): Crops {
  const random = seededRandom(3)
  const images = new Uint8Array(count * cropPixels).fill(20)
  const readers = new Uint8Array(count * cropPixels)
  for (let crop = 0; crop < count; crop++) {
    const [top, left] = [random.integer(40, 70), random.integer(40, 70)]
    for (let at = 0; at < 100; at++) {
      const pixel = crop * cropPixels + (top + Math.floor(at / 10)) * cropSize + left + (at % 10)
      images[pixel] = 200
      readers[pixel] = 0b0101
    }
  }
  const patients = Array.from({ length: count }, (_, crop) => `P${crop % 7}`)
  return { count, images, readers, patients, nodules: patients.map((patient) => `${patient}/n`) }
}

const crops = squares(21)
const source = { crops, truth: truthOf(crops.readers), chosen: [...crops.patients.keys()] }
const cut = { batch: 8, size: 64, beyond: 0 }

test('draws the same batch for the same seed and step, with the truth where the image shows it', () => {
  const batch = drawBatch(source, cut, 7, 12)
  assert.deepEqual(drawBatch(source, cut, 7, 12), batch)
  assert.notDeepEqual(drawBatch(source, cut, 7, 13), batch)
  // 200 and 20 of 255 stay apart whatever gain, shift and noise do.
  assert.ok(batch.target.every((truth, at) => (truth === 1) === (batch.input[at] ?? 0) > 0.45))
  assert.ok(batch.target.some((truth) => truth === 1))
})

test('cuts pieces over the edge, mirrored, some without a nodule, image and truth alike', () => {
  const beyond = { batch: 200, size: 48, beyond: 40 }
  const { input, target } = drawBatch(source, beyond, 7, 3)
  assert.ok(target.every((truth, at) => (truth === 1) === (input[at] ?? 0) > 0.45))
  const pixels = beyond.size * beyond.size
  const marked = Array.from({ length: beyond.batch }, (_, piece) =>
    target.subarray(piece * pixels, (piece + 1) * pixels).includes(1),
  )
  const share = marked.filter((isMarked) => isMarked).length / marked.length
  assert.ok(share > 0.1 && share < 0.9, `${share} of the pieces hold a nodule`)
})

test('never has a patient on both sides of the split', () => {
  const { learn, held } = holdOut(crops, 0.4, 2)
  assert.equal(learn.length + held.length, crops.count)
  const patients = (numbers: readonly number[]) => new Set(numbers.map((at) => crops.patients[at]))
  assert.equal(patients(learn).intersection(patients(held)).size, 0)
  assert.ok(learn.length > 0 && held.length > 0)
})

test('takes as truth what at least two readers marked', () => {
  assert.deepEqual([...truthOf(Uint8Array.of(0, 1, 3, 4, 6, 15))], [0, 0, 1, 0, 1, 1])
})

test('warms up, peaks, and ends at nothing', () => {
  assert.equal(learningRateAt(99, 1000, 1), 1)
  assert.ok(learningRateAt(0, 1000, 1) < 0.02)
  assert.ok(learningRateAt(999, 1000, 1) < 1e-5)
})

test('counts a miss as 0 and gives perfect marks 1', () => {
  const truth = Uint8Array.of(1, 1, 0, 0)
  const slice = (marked: readonly number[], patient: string) =>
    countPixels(truth, Uint8Array.from(marked), { patient, nodule: `${patient}/1` })
  const found = agreementOf([slice([1, 1, 0, 0], 'a'), slice([0, 0, 1, 0], 'b'), slice([1, 0, 0, 0], 'c')])
  assert.ok(Math.abs(found.dice.mean - (1 + 0 + 2 / 3) / 3) < 1e-12)
  assert.ok(found.dice.low <= found.dice.mean && found.dice.mean <= found.dice.high)
  assert.equal(found.medianDice, 2 / 3)
  assert.equal(found.touched, 2 / 3)
})

test('compares readers only where both marked', () => {
  const readers = new Uint8Array(cropPixels)
  readers.set([0b0011, 0b0011, 0b0001, 0b0010])
  const agreement = readerAgreement({ ...crops, count: 1, readers })
  assert.equal(agreement.pairs, 1)
  assert.ok(Math.abs(agreement.meanDice - 4 / 6) < 1e-12)
})

test('keeps a checkpoint whole, gives it back bit for bit, and refuses one of another recipe', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-training-'))
  try {
    const path = join(folder, 'deep', 'checkpoint.bin')
    assert.equal(await readCheckpoint(path, 'r'), undefined)
    const state = {
      weights: Float32Array.of(1, -2, 3),
      first: Float32Array.of(0.5),
      second: Float32Array.of(7),
      step: 250,
    }
    const history = [{ step: 250, loss: 1.5, heldOutDice: 0.25, seconds: 12 }]
    await writeCheckpoint(path, { recipe: 'r', history, seconds: 12, state })
    await writeFile(`${path}.new`, 'a write that was killed')
    assert.deepEqual(await readCheckpoint(path, 'r'), { recipe: 'r', history, seconds: 12, state })
    await assert.rejects(readCheckpoint(path, 'other'), { code: 'conflict' })
    assert.equal(await readFile(`${path}.new`, 'utf8'), 'a write that was killed')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('says how to get the data when they are not there, and what is wrong with an option', async () => {
  await assert.rejects(readCrops('/nowhere', 'train'), { code: 'not-found', message: /README/ })
  assert.throws(() => readPlan(['--steps', 'many']), { code: 'invalid-parameter' })
  assert.throws(() => readPlan(['--epochs', '3']), { code: 'invalid-parameter' })
  assert.equal(readPlan(['--steps', '12']).steps, 12)
})
