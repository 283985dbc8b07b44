// Runs PyTorch beside us on the same weights and batches; absent PyTorch is told, not hidden.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NamedTensors, Tensor } from '../../packages/core/src/learn/index.ts'

/** The Python that has torch, or undefined. */
export function torchPython(): string | undefined {
  const given = process.env['XINGLIN_PEERS_PYTHON'] ?? '/opt/peers/bin/python'
  return existsSync(given) ? given : undefined
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
}

const plain = ({ datatype, shape, data }: Tensor): unknown => ({ datatype, shape, data: Array.from(data, Number) })

/** Trains in PyTorch on one thread; throws with what Python printed when it fails. */
export function trainInTorch(python: string, request: TorchRequest): TorchAnswer {
  const body = JSON.stringify({
    ...request,
    weights: Object.fromEntries(Object.entries(request.weights).map(([name, tensor]) => [name, plain(tensor)])),
    batches: request.batches.map(({ input, target }) => ({ input: plain(input), target: plain(target) })),
  })
  const script = fileURLToPath(new URL('torch_curves.py', import.meta.url))
  const run = spawnSync(python, [script], {
    input: body,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 300_000,
    env: { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  if (run.status !== 0) throw new Error(`torch failed: ${run.stderr}`)
  return JSON.parse(run.stdout) as TorchAnswer
}
