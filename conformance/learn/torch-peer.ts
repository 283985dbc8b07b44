// Runs PyTorch beside us on the same weights and batches; absent PyTorch is told, not hidden.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { NamedTensors, Tensor } from '../../packages/core/src/learn/index.ts'
import { type CurveCase, curveBatches, curveSteps, firstWeights } from '../../packages/core/src/learn/testing/curves.ts'
import { peersEnvironment, pythonThat } from '../peers.ts'

/** The Python that has torch, or undefined. */
export function torchPython(): string | undefined {
  // Loading torch costs seconds; that it can be found is enough to ask.
  return pythonThat('from importlib.util import find_spec; assert find_spec("torch")')
}

/** How to get the peer, for tests that skip. */
export const howToGetTorch =
  'needs a Python with torch (Debian: apt install python3-torch): set XINGLIN_PEERS_PYTHON to its path'

/** What is asked of PyTorch. */
export interface TorchRequest {
  readonly model: 'lstm' | 'unet'
  readonly sizes: Readonly<Record<string, number>>
  readonly weights: NamedTensors
  readonly batches: readonly { readonly input: Tensor; readonly target: Tensor }[]
  readonly steps: number
  readonly learningRate: number
  readonly giveWeights?: boolean
}

/** What PyTorch answers. */
export interface TorchAnswer {
  readonly torch: string
  readonly losses: readonly number[]
  /** CPU time of each step, on one thread. */
  readonly seconds: readonly number[]
  readonly weights: Readonly<Record<string, readonly number[]>>
  /** Libraries of linear algebra that were loaded. */
  readonly blas: readonly string[]
}

const plain = ({ datatype, shape, data }: Tensor): unknown => ({ datatype, shape, data: Array.from(data, Number) })

/**
 * Trains in PyTorch on one thread, run after run in one process; throws with what Python printed when it fails.
 * `XINGLIN_PEERS_BLAS` may name a folder with another `libblas.so.3`, e.g. that of Debian's libopenblas0-pthread.
 */
export function trainInTorch(python: string, requests: readonly TorchRequest[]): readonly TorchAnswer[] {
  const input = requests.map((request) => ({
    giveWeights: false,
    ...request,
    weights: Object.fromEntries(Object.entries(request.weights).map(([name, tensor]) => [name, plain(tensor)])),
    batches: request.batches.map((batch) => ({ input: plain(batch.input), target: plain(batch.target) })),
  }))
  const run = spawnSync(python, [fileURLToPath(new URL('torch_curves.py', import.meta.url))], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 300_000,
    env: { ...peersEnvironment, LD_LIBRARY_PATH: process.env['XINGLIN_PEERS_BLAS'] ?? '' },
  })
  if (run.status !== 0) throw new Error(`torch failed: ${run.stderr}`)
  return JSON.parse(run.stdout) as readonly TorchAnswer[]
}

/** Asks for a comparison case of core/learn. */
export function requestOf(one: CurveCase, giveWeights = false): TorchRequest {
  return {
    model: one.kind,
    sizes: one.sizes,
    weights: firstWeights(one),
    batches: curveBatches(one),
    steps: curveSteps,
    learningRate: one.learningRate,
    giveWeights,
  }
}
