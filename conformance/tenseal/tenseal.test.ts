// Real PyPI tenseal and we read each other's contexts and vectors, both ways, and compute on them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type CkksChoice, type Program, publicPartOf, writeTensealContext } from '@xinglin/core/ckks'
import { makeOwnKeys, openOwnContext } from '../../packages/platform/src/cli/private/own-keys.ts'
import { createSealEngine, type SealEngine } from '../../packages/platform/src/engines/seal/index.ts'
import { silentLogger } from '../../packages/platform/src/testing/silent-logger.ts'
import { peersEnvironment, pythonThat } from '../peers.ts'

const script = fileURLToPath(new URL('./peer.py', import.meta.url))
const python = pythonThat('import tenseal')
const skip =
  python === undefined &&
  'needs Python with tenseal: python3 -m venv peers; peers/bin/pip install tenseal; set XINGLIN_PEERS_PYTHON to peers/bin/python'

let folder: string
let engine: SealEngine

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-tenseal-'))
  const limits = { maxDegree: 16384, maxKeyBytes: 2 ** 28 }
  engine = createSealEngine({ folder, limits, memoryMb: 2048, inspectMs: 60_000, computeMs: 60_000, log: silentLogger })
})

after(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

function peer(...words: readonly string[]): unknown {
  const run = spawnSync(python ?? '', [script, folder, ...words], {
    env: { ...peersEnvironment },
    encoding: 'utf8',
    timeout: 120_000,
  })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout)
}

const bytesOf = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(folder, name)))

async function compute(context: string, input: string, program: Program): Promise<Uint8Array> {
  const held = { key: context, read: () => bytesOf(context) }
  const { results } = await engine.compute({
    ...{ context: held, inputs: [{ name: 'x', bytes: await bytesOf(input) }], program },
  })
  return results[0]?.bytes ?? new Uint8Array()
}

const near = (actual: unknown, expected: readonly number[], tolerance: number): void => {
  assert.ok(Array.isArray(actual))
  for (const [index, value] of expected.entries()) assert.ok(Math.abs(actual[index] - value) < tolerance, `${actual}`)
}

test('TenSEAL owns the keys, we compute, TenSEAL decrypts 27.50 and computes on', {
  skip,
  timeout: 120_000,
}, async () => {
  peer('make')
  const facts = await engine.inspectContext(await bytesOf('two-levels-public'))
  assert.deepEqual([facts.degree, facts.levels, facts.hasRelinKeys, facts.rotations], [8192, 2, true, []])
  await assert.rejects(engine.inspectContext(await bytesOf('two-levels-secret')), /carries a secret key/)
  const score = await compute('two-levels-public', 'age', {
    steps: [
      { op: 'multiply-plain', of: 'x', values: 0.5, as: 'half' },
      { op: 'add-plain', of: 'half', values: 10, as: 'score' },
    ],
    outputs: ['score'],
  })
  await writeFile(join(folder, 'score'), score)
  near(peer('decrypt', 'two-levels-secret', 'score'), [27.5], 1e-5)
  near(peer('go-on'), [30, 55], 1e-4)

  const square = await compute('two-levels-public', 'age', {
    steps: [{ op: 'square', of: 'x', as: 'y' }],
    outputs: ['y'],
  })
  await writeFile(join(folder, 'square'), square)
  near(peer('decrypt', 'two-levels-secret', 'square'), [1225], 1e-3)
  const sum = await compute('small-public', 'five', { steps: [{ op: 'sum', of: 'x', as: 'y' }], outputs: ['y'] })
  await writeFile(join(folder, 'sum'), sum)
  near(peer('decrypt', 'small-secret', 'sum'), [15.5], 0.15) // a scale of 2^25 is as coarse as that
})

test('we own the keys, TenSEAL encrypts and computes, we decrypt', { skip, timeout: 120_000 }, async () => {
  const choice: CkksChoice = { degree: 8192, primeBits: [60, 40, 40, 60], scaleBits: 40 }
  const secret = await makeOwnKeys(choice, [1, 2], 3)
  await writeFile(join(folder, 'our-secret'), writeTensealContext(secret))
  await writeFile(join(folder, 'our-public'), writeTensealContext(publicPartOf(secret)))
  const own = await openOwnContext(secret)
  try {
    await writeFile(join(folder, 'our-vector'), own.encrypt([4, 0.25, -1]))
    assert.deepEqual(peer('use-ours'), [true, true, true])
    near(own.decrypt(await bytesOf('their-product')), [6, -0.5, -3], 1e-4)
    near(own.decrypt(await bytesOf('their-dot')), [2.5], 1e-4)
    near(peer('own-ours'), [4, 0.25, -1], 1e-5)
  } finally {
    own.close()
  }
})
