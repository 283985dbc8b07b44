// A hospital's own files: read as they are, and refused with the line or the size that is wrong.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { icuFeatures, stayBins } from '@xinglin/core/federated'
import { ownStays } from './own-stays.ts'

const cells = stayBins * icuFeatures.length
const shared = { folder: '' }
const at = (name: string): string => join(shared.folder, name)
const usual = { stays: 10, seed: 1 }

before(async () => {
  shared.folder = await mkdtemp(join(tmpdir(), 'xinglin-stays-'))
  const bytes = Buffer.alloc(2 * cells * 4)
  bytes.writeFloatLE(72, 0)
  bytes.writeFloatLE(Number.NaN, 4)
  await writeFile(at('features.f32'), bytes)
  await writeFile(at('features.f32.gz'), gzipSync(bytes))
  await writeFile(at('good.tsv'), 'row\tdied_in_hospital\n0\t0\n1\t1\n')
  await writeFile(at('windows.tsv'), 'row\tdied_in_hospital\r\n0\t0\r\n1\t1\r\n')
  await writeFile(at('maybe.tsv'), 'row\tdied_in_hospital\n0\t0\n1\tmaybe\n')
  await writeFile(at('nothing.tsv'), 'row\toutcome\n0\t0\n')
  await writeFile(at('three.tsv'), 'died_in_hospital\n0\n1\n1\n')
})

after(() => rm(shared.folder, { recursive: true, force: true }))

test('reads features and outcomes, compressed or not', async () => {
  for (const features of ['features.f32', 'features.f32.gz']) {
    for (const outcomes of ['good.tsv', 'windows.tsv']) {
      const { values, died } = await ownStays({ ...usual, features: at(features), outcomes: at(outcomes) })
      assert.deepEqual([...died], [0, 1])
      assert.equal(values.length, 2 * cells)
      assert.equal(values[0], 72)
      assert.ok(Number.isNaN(values[1]))
    }
  }
})

test('names what is wrong with a file', async () => {
  const refused = (outcomes: string, words: RegExp, features = 'features.f32') =>
    assert.rejects(ownStays({ ...usual, features: at(features), outcomes: at(outcomes) }), { message: words })
  await refused('maybe.tsv', /line 3: died_in_hospital is neither 0 nor 1/)
  await refused('nothing.tsv', /no column died_in_hospital/)
  await refused('three.tsv', /2304 bytes; 3 stays are 3456/)
  await refused('good.tsv', /cannot be read \(ENOENT\)/, 'nowhere.f32')
})

test('draws synthetic stays by name, and names the mixes when there is no such one', async () => {
  assert.equal((await ownStays({ ...usual, synthetic: 'medical' })).died.length, 10)
  await assert.rejects(ownStays({ ...usual, synthetic: 'dental' }), /coronary-care, cardiac-surgery, medical, surgical/)
  await assert.rejects(ownStays(usual), { code: 'invalid-parameter' })
})
