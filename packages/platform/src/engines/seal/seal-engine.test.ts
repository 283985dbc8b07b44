// The computing process: it computes without a secret key, refuses what is hostile, and its loss harms nobody else.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import {
  bitsOf,
  makeKeys,
  publicPartOf,
  readTensealContext,
  readTensealVector,
  type TensealContext,
  tutorialChoice,
  writeTensealContext,
  writeTensealVector,
} from '@xinglin/core/ckks'
import { type Bench, openBench } from '@xinglin/core/ckks/under-test'
import { AppError } from '@xinglin/core/errors'
import type { EncryptedContext } from '../../kernel/ports.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createSealEngine, inflate, openSeal, packingFor, type SealEngine } from './index.ts'

const riskScore = {
  steps: [
    { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
    { op: 'add-plain', of: 'half', values: 10, as: 'score' },
  ],
  outputs: ['score'],
} as const

let folder: string
let engine: SealEngine
let owner: Bench
let context: EncryptedContext

const options = (more: object = {}) => ({
  ...{ folder, limits: { maxDegree: 16384, maxKeyBytes: 2 ** 27 }, memoryMb: 1024, log: silentLogger },
  ...{ inspectMs: 30_000, computeMs: 60_000, ...more },
})

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-seal-'))
  engine = createSealEngine(options())
  owner = openBench({ seal: await openSeal(), inflate, packing: packingFor(3) }, tutorialChoice, [1])
  const bytes = writeTensealContext(publicPartOf(owner.context))
  context = { key: 'a', read: async () => bytes }
})

after(async () => {
  owner.close()
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

const scoreOf = (on: SealEngine) =>
  on.compute({ context, inputs: [{ name: 'age', bytes: owner.encrypt([35]) }], program: riskScore })

test('computes 27.50 from an encrypted 35 and leaves no file behind', async () => {
  const seen: number[] = []
  const done = await engine.compute({
    context,
    inputs: [{ name: 'age', bytes: owner.encrypt([35]) }],
    program: riskScore,
    onProgress: (count) => seen.push(count),
  })
  const [score] = done.results
  assert.equal(owner.decrypt(score?.bytes ?? new Uint8Array())[0]?.toFixed(2), '27.50')
  assert.deepEqual([score?.name, score?.size, score?.primesLeft, done.operations], ['score', 1, 2, 2])
  assert.ok(seen.length >= 1)
  const [lane = ''] = await readdir(folder)
  assert.deepEqual(await readdir(join(folder, lane)), [])
})

test('the process is shut in: no environment, no files but code and its own folder', {
  skip: process.platform === 'linux' ? false : 'reads /proc, which is there on Linux only',
}, async () => {
  await scoreOf(engine)
  const of = async (name: string) => (await readFile(`/proc/${engine.pid}/${name}`, 'utf8')).split('\0').filter(Boolean)
  const words = await of('cmdline')
  assert.ok(words.includes('--permission'))
  const writable = words.filter((word) => word.startsWith('--allow-fs-write='))
  assert.ok(writable.length === 1 && writable[0]?.startsWith(`--allow-fs-write=${folder}`))
  assert.deepEqual(
    words.filter((word) => /--allow-(child|worker|addons|wasi)/.test(word)),
    [],
  )
  assert.deepEqual(
    (await of('environ')).filter((entry) => !entry.startsWith('NODE_CHANNEL')),
    [],
  )
})

test('says what a context lets others do, and refuses one that carries its secret key', async () => {
  const facts = await engine.inspectContext(await context.read())
  assert.deepEqual(
    [
      facts.degree,
      facts.primes.map((prime) => bitsOf(BigInt(prime))),
      facts.levels,
      facts.hasPublicKey,
      facts.hasRelinKeys,
      facts.sealVersion,
    ],
    [8192, [60, 40, 40, 60], 2, true, true, '4.3'],
  )
  assert.deepEqual(facts.rotations, [1])
  await assert.rejects(engine.inspectContext(writeTensealContext(owner.context)), /carries a secret key/)
})

test('refuses parameters below 128 bits of security and keys of other parameters', async () => {
  const read = readTensealContext(await context.read())
  const seal = await openSeal()
  const other = makeKeys(seal, {
    choice: { degree: 4096, primeBits: [40, 20, 40], scaleBits: 20 },
    rotations: [],
    packing: packingFor(3),
  })
  const inspect = (changed: Partial<TensealContext>) =>
    engine.inspectContext(writeTensealContext({ ...publicPartOf(read), ...changed }))
  await assert.rejects(inspect({ publicKey: other.publicKey }), /other parameters/)
  await assert.rejects(inspect({ relinKeys: other.relinKeys }), /not what SEAL writes|other parameters/)
  await assert.rejects(inspect({ encryptionParameters: other.publicKey ?? new Uint8Array() }), AppError)
  assert.equal((await inspect({ galoisKeys: undefined })).rotations.length, 0)
})

test('refuses hostile bytes and goes on with the same process', async () => {
  const vector = owner.encrypt([1, 2, 3])
  await engine.inspectVector(context, vector)
  const { pid } = engine
  const parts = readTensealVector(vector)
  const rewrite = (ciphertext: Uint8Array) => writeTensealVector({ ...parts, ciphertexts: [ciphertext] })
  const original = parts.ciphertexts[0] ?? new Uint8Array()
  const members = inflate('zstd', original.subarray(16), 2 ** 24)
  const object = (bytes: Uint8Array, change: (view: DataView) => void = () => undefined) => {
    const own = Uint8Array.from(bytes)
    change(new DataView(own.buffer))
    const packed = zstdCompressSync(own)
    const whole = Uint8Array.from([...original.subarray(0, 16), ...packed])
    new DataView(whole.buffer).setBigUint64(8, BigInt(whole.length), true)
    return rewrite(whole)
  }
  const hostile: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('{"age": 35}')],
    ['cut off', vector.subarray(0, vector.length - 5)],
    ['a bomb', object(new Uint8Array(2 ** 27))],
    ['too many polynomials', object(members, (view) => view.setBigUint64(33, 2n ** 40n, true))],
    ['another degree', object(members, (view) => view.setBigUint64(41, 16384n, true))],
    ['no primes', object(members, (view) => view.setBigUint64(49, 0n, true))],
    ['a scale of infinity', object(members, (view) => view.setFloat64(57, Number.POSITIVE_INFINITY, true))],
    ['unknown parameters', object(members, (view) => view.setBigUint64(0, 1n, true))],
    ['a coefficient above its prime', object(members, (view) => view.setBigUint64(97, 2n ** 63n, true))],
    ['a transparent ciphertext', object(members.fill(0, 97 + 3 * 8192 * 8))],
    ['more values than slots', writeTensealVector({ ...parts, sizes: [5000] })],
  ]
  for (const [what, bytes] of hostile) {
    const refusal = (error: unknown) => error instanceof AppError && error.code === 'unprocessable'
    await assert.rejects(engine.inspectVector(context, bytes), refusal, what)
  }
  assert.equal(engine.pid, pid)
  assert.deepEqual((await engine.inspectVector(context, vector)).size, 3)
})

test('a lost process fails its task alone; the next task has a new one', async () => {
  await scoreOf(engine)
  const { pid = 0 } = engine
  const lost = engine.compute({
    context,
    inputs: [{ name: 'age', bytes: owner.encrypt([35]) }],
    program: riskScore,
    onProgress: () => process.kill(pid, 'SIGKILL'),
  })
  await assert.rejects(lost, (error) => error instanceof AppError && ['unavailable'].includes(error.code))
  assert.equal((await scoreOf(engine)).results.length, 1)
  assert.notEqual(engine.pid, pid)
})

test('stops a computation at its limit of time and when it is abandoned', async () => {
  const hasty = createSealEngine(options({ computeMs: 1, idleMs: 50 }))
  await assert.rejects(scoreOf(hasty), (error) => error instanceof AppError && error.code === 'timeout')
  const stop = AbortSignal.abort(new AppError('conflict', 'cancelled'))
  await assert.rejects(hasty.compute({ context, inputs: [], program: riskScore, signal: stop }), /cancelled/)
  await hasty.close()
  assert.equal(hasty.pid, undefined)
  await assert.rejects(scoreOf(hasty), /stopping/)
})
