// Encrypted arithmetic against PyPI tenseal in the same run: ms and bytes at N = 8192, and a packed logistic regression.
// Times are CPU milliseconds of the one thread that works, medians of batches: other work on the machine does not count.
// Usage: node bench/privacy.ts [--rounds 30] [--size 16]; tenseal is measured where XINGLIN_PEERS_PYTHON (or /opt/peers) has it.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  checkVector,
  type Program,
  publicPartOf,
  regressionChoice,
  type Step,
  sigmoid,
  tutorialChoice,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { type Bench, openBench } from '@xinglin/core/ckks/under-test'
import { peersEnvironment, peersPython } from '../conformance/peers.ts'
import { createSealEngine, inflate, openSeal, packingFor } from '../packages/platform/src/engines/seal/index.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'
import { measuredOn } from './target.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, size: { type: 'string', default: '16' } },
})
const rounds = Number(options.rounds)
const size = Number(options.size)
const warmUps = 5
const batchCount = 3
const shortestBatchMs = 200
const packing = packingFor(3)
const powers = Array.from({ length: Math.log2(size) }, (_, index) => 2 ** index)

const round = (value: number): number => Number(value.toPrecision(4))

function cpuMs(work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

// The clock of a thread ticks coarsely, so many rounds are timed at once. WebAssembly is compiled anew for speed while it
// runs: what comes before that is not measured.
function median(work: () => unknown): number {
  for (let turn = 0; turn < warmUps; turn += 1) work()
  const startedAt = performance.now()
  work()
  const turns = Math.max(rounds, Math.ceil(shortestBatchMs / Math.max(0.01, performance.now() - startedAt)))
  const batches = Array.from({ length: batchCount }, () => {
    const ms = cpuMs(() => {
      for (let turn = 0; turn < turns; turn += 1) work()
    })
    return ms / turns
  })
  return round(batches.toSorted((left, right) => left - right)[Math.floor(batchCount / 2)] ?? Number.NaN)
}

// Arithmetic alone: what reading and writing vectors takes is measured beside it.
function operations(bench: Bench): Readonly<Record<string, number>> {
  const values = Array.from({ length: size }, (_, index) => 0.5 + index / size)
  const [x, y, age] = [bench.encrypt(values), bench.encrypt(values), bench.encrypt([35])]
  const timed = (inputs: Readonly<Record<string, Uint8Array>>, steps: readonly Step[]): number => {
    const program: Program = { steps, outputs: [steps.at(-1)?.as ?? ''] }
    const ready = bench.prepare(inputs, program)
    try {
      return median(ready.run)
    } finally {
      ready.close()
    }
  }
  return {
    encrypt: median(() => bench.encrypt(values)),
    add: timed({ x, y }, [{ op: 'add', left: 'x', right: 'y', as: 'z' }]),
    multiplyPlain: timed({ x }, [{ op: 'multiply-plain', of: 'x', values, as: 'z' }]),
    multiply: timed({ x, y }, [{ op: 'multiply', left: 'x', right: 'y', as: 'z' }]),
    rotate: timed({ x }, [{ op: 'rotate', of: 'x', by: 1, as: 'z' }]),
    dot: timed({ x, y }, [{ op: 'dot', left: 'x', right: 'y', as: 'z' }]),
    decrypt: median(() => bench.decrypt(x)),
    score: timed({ age }, [
      { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
      { op: 'add-plain', of: 'half', values: 10, as: 'score' },
    ]),
    checkAndLoad: median(() => bench.load(x)),
  }
}

async function outOfProcess(bench: Bench): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-bench-seal-'))
  const limits = { maxDegree: 16384, maxKeyBytes: 2 ** 28 }
  const engine = createSealEngine({
    ...{ folder, limits, memoryMb: 2048, inspectMs: 60_000, computeMs: 60_000, log: silentLogger },
  })
  const bytes = writeTensealContext(publicPartOf(bench.context))
  const context = { key: 'a', read: async () => bytes }
  const program = { steps: [{ op: 'multiply-plain', of: 'x', values: 0.5, as: 'y' }], outputs: ['y'] } as const
  const input = bench.encrypt([35])
  const times: number[] = []
  try {
    for (let turn = 0; turn <= rounds; turn += 1) {
      const startedAt = performance.now()
      await engine.compute({ context, inputs: [{ name: 'x', bytes: input }], program })
      times.push(performance.now() - startedAt)
    }
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
  return round(times.slice(1).toSorted((left, right) => left - right)[Math.floor(rounds / 2)] ?? Number.NaN)
}

// 13 features of 8,192 patients, one ciphertext a feature, as the UCI heart disease sets have them.
function regression(bench: Bench): Readonly<Record<string, number>> {
  const [features, patients, range] = [13, 8192, 8]
  const weights = Array.from({ length: features }, (_, feature) => Math.sin(feature + 1))
  const columns = weights.map((_w, feature) =>
    Array.from({ length: patients }, (_, patient) => Math.sin(patient * (feature + 1)) * 0.9),
  )
  const vectors: Uint8Array[] = []
  const encryptMs = cpuMs(() => vectors.push(...columns.map((column) => bench.encrypt(column))))
  const names = columns.map((_column, feature) => `x${feature}`)
  const inputs = Object.fromEntries(names.map((name, feature) => [name, vectors[feature] ?? new Uint8Array()]))
  const step = { op: 'logistic', of: names, weights, intercept: 0.1, degree: 7, range, as: 'risk' } as const
  const program = { steps: [step], outputs: ['risk'] }
  const ready = bench.prepare(inputs, program)
  const evaluateMs = median(ready.run)
  ready.close()
  const risks = bench.decrypt(bench.compute(inputs, program)['risk'] ?? new Uint8Array())
  const errors = risks.map((risk, patient) => {
    const score = columns.reduce((sum, column, at) => sum + (column[patient] ?? 0) * (weights[at] ?? 0), 0.1)
    return Math.abs(risk - sigmoid(score))
  })
  return {
    ...{ features, patients, encryptMs: round(encryptMs), evaluateMs },
    microsecondsAPatient: round((evaluateMs * 1000) / patients),
    largestError: round(Math.max(...errors)),
  }
}

function tenseal(): unknown {
  if (peersPython === undefined) return 'absent: pip install tenseal, set XINGLIN_PEERS_PYTHON'
  const script = fileURLToPath(new URL('./privacy_tenseal.py', import.meta.url))
  const run = spawnSync(peersPython, [script, String(rounds), String(size)], {
    ...{ env: { ...peersEnvironment }, encoding: 'utf8' },
  })
  return run.status === 0 ? JSON.parse(run.stdout) : `failed: ${run.stderr.slice(-200)}`
}

const parts = { seal: await openSeal(), inflate, packing }
const bench = openBench(parts, tutorialChoice, powers)
const vector = bench.encrypt([35])
const ours = {
  /** `encrypt` writes the vector too; TenSEAL's own is told apart (`serialize`). */
  ms: operations(bench),
  /** Wall clock: the arithmetic of a product with everything around it, in the computing process. */
  outOfProcessMs: await outOfProcess(bench),
  bytes: {
    vector: vector.length,
    publicContext: writeTensealContext(publicPartOf(bench.context)).length,
    uncompressed: checkVector(vector, bench.checked.parameters, inflate).bytes.length,
  },
}
const peer = tenseal()
bench.close()
const deep = openBench(parts, regressionChoice, [])
const packed = regression(deep)
deep.close()
const load = round(loadavg()[0] ?? Number.NaN)
console.log(
  JSON.stringify(
    { bench: 'privacy', parameters: tutorialChoice, size, rounds, ours, tenseal: peer, packed, load, ...measuredOn() },
    undefined,
    2,
  ),
)
