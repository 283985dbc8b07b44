// Arithmetic on encrypted vectors with a real SEAL against plain arithmetic; what is not possible is said before any work.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { constants, inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { initialize } from 'node-seal'
import type { Inflate, Packing, SealModule, Step } from './index.ts'
import { polynomialAt, sigmoid, tutorialChoice } from './index.ts'
import { type Bench, openBench } from './under-test/seal.ts'

const inflate: Inflate = (compression, bytes, maxBytes) =>
  (compression === 'zstd' ? zstdDecompressSync : inflateSync)(bytes, { maxOutputLength: maxBytes })

const params = { [constants.ZSTD_c_compressionLevel]: 1 }
const packing: Packing = {
  minorVersion: 1,
  compress: (bytes) => ({ compression: 'zstd', bytes: zstdCompressSync(bytes, { params }) }),
}

// Four levels at half the degree of regressionChoice: faster, and coarser.
const fourLevels = { degree: 8192, primeBits: [44, 30, 30, 30, 30, 44], scaleBits: 30 }

let bench: Bench
let deep: Bench

before(async () => {
  const parts = { seal: (await initialize()) as unknown as SealModule, inflate, packing }
  bench = openBench(parts, tutorialChoice, [1, 2, 4])
  deep = openBench(parts, fourLevels, [1, 2])
})

after(() => {
  bench.close()
  deep.close()
})

function compute(inputs: Readonly<Record<string, readonly number[]>>, steps: readonly Step[], on = bench) {
  const encrypted = Object.entries(inputs).map(([name, values]) => [name, on.encrypt(values)] as const)
  const output = steps.at(-1)?.as ?? ''
  const results = on.compute(Object.fromEntries(encrypted), { steps, outputs: [output] })
  return on.decrypt(results[output] ?? new Uint8Array())
}

function near(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length)
  for (const [index, value] of expected.entries()) {
    assert.ok(Math.abs((actual[index] ?? Number.NaN) - value) <= tolerance, `${actual[index]} is not ${value}`)
  }
}

test('computes the risk score 35 · 0.5 + 10 as 27.50', () => {
  const [score = 0] = compute({ age: [35] }, [
    { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
    { op: 'add-plain', of: 'half', values: 10, as: 'score' },
  ])
  assert.equal(score.toFixed(2), '27.50')
})

test('adds, subtracts, negates and multiplies like plain vectors', () => {
  const [x, y] = [
    [1.5, -2, 30],
    [4, 0.25, -1],
  ]
  near(compute({ x, y }, [{ op: 'add', left: 'x', right: 'y', as: 'z' }]), [5.5, -1.75, 29])
  near(compute({ x, y }, [{ op: 'subtract', left: 'x', right: 'y', as: 'z' }]), [-2.5, -2.25, 31])
  near(compute({ x }, [{ op: 'negate', of: 'x', as: 'z' }]), [-1.5, 2, -30])
  near(compute({ x, y }, [{ op: 'multiply', left: 'x', right: 'y', as: 'z' }]), [6, -0.5, -30])
  near(compute({ x }, [{ op: 'square', of: 'x', as: 'z' }]), [2.25, 4, 900], 1e-3)
  near(compute({ x }, [{ op: 'multiply-plain', of: 'x', values: [2, 3, -1], as: 'z' }]), [3, -6, -30])
})

test('adds vectors of different levels and scales exactly', () => {
  const x = [0.5, -0.7, 1.2]
  const steps: readonly Step[] = [
    { op: 'square', of: 'x', as: 'xx' },
    { op: 'add', left: 'xx', right: 'x', as: 'sum' },
    { op: 'subtract', left: 'x', right: 'sum', as: 'z' },
  ]
  near(
    compute({ x }, steps),
    x.map((value) => value - (value * value + value)),
    1e-6,
  )
})

test('sums and rotates vectors of any length, and makes dot products', () => {
  for (const size of [1, 2, 3, 5, 7]) {
    const x = Array.from({ length: size }, (_, index) => index + 0.5)
    const total = x.reduce((sum, value) => sum + value, 0)
    near(compute({ x }, [{ op: 'sum', of: 'x', as: 'z' }]), [total])
    near(
      compute({ x, y: x }, [{ op: 'dot', left: 'x', right: 'y', as: 'z' }]),
      [x.reduce((s, v) => s + v * v, 0)],
      1e-3,
    )
  }
  const x = [1, 2, 3, 4, 5]
  near(compute({ x }, [{ op: 'rotate', of: 'x', by: 2, as: 'z' }]), [3, 4, 5, 1, 2])
  near(compute({ x }, [{ op: 'rotate', of: 'x', by: -1, as: 'z' }]), [5, 1, 2, 3, 4])
  near(compute({ x }, [{ op: 'dot-plain', of: 'x', weights: [1, 0, -1, 2, 0.5], as: 'z' }]), [1 - 3 + 8 + 2.5])
})

test('evaluates polynomials in as many levels as the degree has bits', () => {
  const x = [-1.5, -0.3, 0, 0.8, 1.9]
  const cubic = [0.5, -1, 0.25, 0.125]
  near(
    compute({ x }, [{ op: 'polynomial', of: 'x', coefficients: cubic, as: 'z' }]),
    x.map((value) => polynomialAt(cubic, value)),
  )
  const seventh = [0.1, 0.2, 0, -0.3, 0.05, 0.01, 0, 0.002]
  near(
    compute({ x }, [{ op: 'polynomial', of: 'x', coefficients: seventh, as: 'z' }], deep),
    x.map((value) => polynomialAt(seventh, value)),
    1e-3,
  )
})

test('predicts a risk from encrypted features, one patient at a time or many side by side', () => {
  const weights = [0.8, -1.1, 0.4, 0.05]
  const patients = [
    [1.2, 0.3, -0.5, 2],
    [-0.4, 1.7, 0.9, -1],
    [2.2, -1.3, 0, 0.1],
  ]
  const risks = patients.map((one) => sigmoid(one.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), -0.2)))
  const step = { op: 'logistic', weights, intercept: -0.2, range: 6, as: 'risk' } as const
  near(compute({ x: patients[0] ?? [] }, [{ ...step, of: 'x' }], deep), risks.slice(0, 1), 0.02)
  const columns = weights.map((_weight, at) => [`f${at}`, patients.map((one) => one[at] ?? 0)] as const)
  near(compute(Object.fromEntries(columns), [{ ...step, of: columns.map(([name]) => name) }], deep), risks, 0.02)
})

test('says which step lacks a level, a key, a size or a name', () => {
  const refused = (steps: readonly Step[], pattern: RegExp): void => {
    assert.throws(
      () => compute({ x: [1, 2], y: [1, 2, 3] }, steps),
      (error: Error) => pattern.test(error.message),
    )
  }
  const square = (of: string, as: string): Step => ({ op: 'square', of, as })
  refused([square('x', 'a'), square('a', 'b'), square('b', 'c')], /Step 3 \(square\): 1 more multiplications.*leave 0/)
  refused([{ op: 'rotate', of: 'y', by: 3, as: 'z' }], /rotated by less than 3/)
  refused([{ op: 'add', left: 'x', right: 'y', as: 'z' }], /2 and 3 values/)
  refused([square('who', 'z')], /no input or earlier result "who"/)
  refused([square('x', 'y')], /"y" is taken/)
  refused([{ op: 'multiply-plain', of: 'x', values: 0, as: 'z' }], /All weights are 0/)
  refused([{ op: 'add-plain', of: 'x', values: Number.NaN, as: 'z' }], /not a finite number/)
  refused([{ op: 'subtract', left: 'x', right: 'x', as: 'z' }], /transparent|readable by everybody/)
  refused([{ op: 'logistic', of: 'x', weights: [1, 1], intercept: 0, as: 'z' }], /3 more multiplications/)
})

test('names the Galois keys that a rotation lacks', () => {
  const x = Array.from({ length: 20 }, (_, index) => index)
  assert.throws(() => compute({ x }, [{ op: 'rotate', of: 'x', by: 9, as: 'z' }]), /needs Galois keys for 9, or for 8/)
})
