// Runs the Python package shap beside us on the same models and rows; where it is absent that is told, not hidden.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@xinglin/core/cohort'
import type { Predict, Tree, TreeEnsemble } from '@xinglin/core/explain'
import { peersEnvironment, pythonThat } from '../peers.ts'

// Shap wants the NumPy that it was installed with, not the older one that is kept for torch.
const ownNumpy = { PYTHONPATH: '' }

/** The Python that has shap, or undefined. */
export function shapPython(): string | undefined {
  return pythonThat('import shap, numpy', ownNumpy)
}

/** How to get the peer, for tests that skip. */
export const howToGetShap =
  'needs a Python with shap (python3 -m venv peers && peers/bin/pip install shap): set XINGLIN_PEERS_PYTHON to its path'

/** Values as shap gives them: `[samples][features]`. */
export interface ShapValues {
  readonly values: readonly (readonly number[])[]
  readonly base: number
  /** CPU time. */
  readonly seconds: number
}

/** What shap answers, by method. */
export type ShapAnswer<Method extends string> = Readonly<Record<Method, ShapValues>> & { readonly version: string }

const script = fileURLToPath(new URL('./shap_values.py', import.meta.url))

/** Asks shap. @throws Error with its own words when it fails */
export function askShap<Method extends string>(python: string, request: object): ShapAnswer<Method> {
  const ran = spawnSync(python, [script], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    env: { ...process.env, ...peersEnvironment, ...ownNumpy },
    maxBuffer: 100_000_000,
    timeout: 300_000,
  })
  if (ran.status !== 0) throw new Error(`shap failed: ${ran.stderr.slice(-2000)}`)
  return JSON.parse(ran.stdout) as ShapAnswer<Method>
}

/** A tanh layer and a sigmoid. */
export interface Network {
  readonly w1: readonly (readonly number[])[]
  readonly b1: readonly number[]
  readonly w2: readonly number[]
  readonly b2: number
}

/** Seeded weights and rows. */
export function drawNetwork(seed: number, features: number, hidden: number) {
  const random = seededRandom(seed)
  const draw = (count: number) => Array.from({ length: count }, () => random.normal(0, 1))
  const network: Network = {
    w1: Array.from({ length: hidden }, () => draw(features)),
    b1: draw(hidden),
    w2: draw(hidden),
    b2: 0.1,
  }
  const rows = (count: number) => Array.from({ length: count }, () => draw(features))
  return { network, rows }
}

/** The network as a function over rows. */
export function predictNetwork({ w1, b1, w2, b2 }: Network): Predict {
  const inner = Float64Array.from(w1.flat())
  const hidden = b1.length
  return async (rows, count) => {
    const width = rows.length / count
    return Float64Array.from({ length: count }, (_, row) => {
      let sum = b2
      for (let unit = 0; unit < hidden; unit += 1) {
        let value = b1[unit] ?? 0
        for (let at = 0; at < width; at += 1) value += (inner[unit * width + at] ?? 0) * (rows[row * width + at] ?? 0)
        sum += (w2[unit] ?? 0) * Math.tanh(value)
      }
      return 1 / (1 + Math.exp(-sum))
    })
  }
}

/** Seeded trees of a depth; thresholds are exact in single precision, in which shap keeps some of them. */
export function drawTrees(seed: number, count: number, depth: number, features: number): TreeEnsemble {
  const random = seededRandom(seed)
  const drawTree = (): Tree => {
    const nodes = 2 ** (depth + 1) - 1
    const inner = 2 ** depth - 1
    const cover = new Array<number>(nodes).fill(0)
    cover[0] = 100_000
    for (let node = 0; node < inner; node += 1) {
      const left = Math.round((cover[node] ?? 0) * (0.2 + 0.6 * random.unit()))
      cover[2 * node + 1] = left
      cover[2 * node + 2] = (cover[node] ?? 0) - left
    }
    // Inner nodes have the mean of their leaves, as libraries keep it.
    const value = Array.from({ length: nodes }, () => random.normal(0, 1))
    for (let node = inner - 1; node >= 0; node -= 1) {
      const [left, right] = [2 * node + 1, 2 * node + 2]
      const sum = (cover[left] ?? 0) * (value[left] ?? 0) + (cover[right] ?? 0) * (value[right] ?? 0)
      value[node] = sum / (cover[node] ?? 1)
    }
    const child = (side: number) => Array.from({ length: nodes }, (_, node) => (node < inner ? 2 * node + side : -1))
    return {
      left: child(1),
      right: child(2),
      feature: Array.from({ length: nodes }, (_, node) => (node < inner ? random.integer(0, features - 1) : -1)),
      threshold: Array.from({ length: nodes }, () => Math.fround(random.normal(0, 0.7))),
      ...{ value, cover },
    }
  }
  return { trees: Array.from({ length: count }, drawTree), initial: 0.3, scale: 0.1, features }
}
