// Training steps a second beside PyTorch, one thread each, in turns in one run: node bench/learn.ts [rounds], prints JSON.
// CPU time is what counts, so that other work on the machine weighs on both alike; the median over all steps is given.
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import * as onnxruntime from 'onnxruntime-node'
import { howToGetTorch, torchPython, trainInTorch } from '../conformance/learn/torch-peer.ts'
import {
  binaryCrossEntropy,
  createTrainer,
  crossEntropy,
  initialWeights,
  lstmClassifier,
  onnxruntimeSessions,
  type Tensor,
  type TrainingGraph,
  toTensors,
  trainingGraph,
  unet,
} from '../packages/core/src/learn/index.ts'
import { seededUnit } from '../packages/core/src/learn/parameters.ts'

interface Race {
  readonly name: string
  readonly kind: 'lstm' | 'unet'
  readonly sizes: Readonly<Record<string, number>>
  readonly graph: TrainingGraph
  readonly steps: number
  readonly learningRate: number
}

const races: readonly Race[] = [
  {
    name: 'LSTM 24 × 12, hidden 32, batch 32',
    kind: 'lstm',
    sizes: { features: 12, hidden: 32, classes: 2 },
    graph: trainingGraph(lstmClassifier({ steps: 24, features: 12, hidden: 32, classes: 2 }), {
      loss: crossEntropy(),
      batch: 32,
    }),
    steps: 400,
    learningRate: 0.001,
  },
  {
    name: 'U-Net depth 4, base 16, 96², batch 16',
    kind: 'unet',
    sizes: { base: 16, depth: 4 },
    graph: trainingGraph(unet({ base: 16, depth: 4, size: [96, 96] }), {
      loss: binaryCrossEntropy(),
      batch: 16,
      chunks: 4,
    }),
    steps: 5,
    learningRate: 1e-4,
  },
]

const rounds = Number(process.argv[2] ?? 3)
const python = torchPython()

function batchOf({ model, batch, target }: TrainingGraph): { readonly input: Tensor; readonly target: Tensor } {
  const unit = seededUnit(5)
  const shape = [batch, ...model.inputShape]
  const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1)
  const marks = Array.from({ length: count(target.shape) }, () => (unit() < 0.5 ? 0 : 1))
  const data = target.datatype === 'INT32' ? Int32Array.from(marks) : Float32Array.from(marks)
  const input = Float32Array.from({ length: count(shape) }, () => 2 * unit() - 1)
  return { input: { datatype: 'FP32', shape, data: input }, target: { ...target, data } }
}

// Milliseconds of CPU of each step; the first fifth warms up.
async function oursMs({ graph, steps, learningRate }: Race): Promise<readonly number[]> {
  const trainer = await createTrainer(onnxruntimeSessions(onnxruntime), graph, { seed: 1 })
  const { input, target } = batchOf(graph)
  const times: number[] = []
  for (let step = 0; step < steps; step += 1) {
    const before = process.cpuUsage()
    await trainer.step({
      input: input.data as Float32Array,
      target: target.data as Float32Array | Int32Array,
      learningRate,
    })
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  await trainer.close()
  return times.slice(Math.ceil(steps / 5))
}

interface TheirRun {
  readonly times: readonly number[]
  readonly torch: string
  readonly blas: readonly string[]
}

function theirsMs(interpreter: string, { graph, kind, sizes, steps, learningRate }: Race): TheirRun {
  const { parameters } = graph.model
  const weights = toTensors(parameters, initialWeights(parameters, 1))
  const [answer] = trainInTorch(interpreter, [
    { model: kind, sizes, weights, batches: [batchOf(graph)], steps, learningRate },
  ])
  if (!answer) throw new Error('torch gave no answer')
  const times = answer.seconds.map((seconds) => 1000 * seconds).slice(Math.ceil(steps / 5))
  return { times, torch: answer.torch, blas: answer.blas }
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

async function race(one: Race): Promise<unknown> {
  const ours: number[] = []
  const theirs: TheirRun[] = []
  for (let turn = 0; turn < rounds; turn += 1) {
    ours.push(...(await oursMs(one)))
    if (python !== undefined) theirs.push(theirsMs(python, one))
  }
  const others = theirs.flatMap(({ times }) => times)
  const own = quantile(ours, 0.5)
  const other = quantile(others, 0.5)
  const peer = theirs.at(0)
  return {
    name: one.name,
    oursMsPerStep: round(own),
    oursStepsPerSecond: round(1000 / own, 1),
    ...(peer === undefined
      ? { torch: howToGetTorch }
      : {
          torch: peer.torch,
          blas: peer.blas,
          torchMsPerStep: round(other),
          torchStepsPerSecond: round(1000 / other, 1),
          timesTorch: round(other / own),
          // the fastest tenth of the steps, where other work on the machine disturbs least
          timesTorchUndisturbed: round(quantile(others, 0.1) / quantile(ours, 0.1)),
        }),
  }
}

const load = loadavg()
const results = []
for (const one of races) results.push(await race(one))
const processor = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
console.log(
  JSON.stringify(
    {
      bench: 'learn',
      node: process.version,
      processor,
      threads: 1,
      rounds,
      load: { before: round(load[0] ?? 0, 1), after: round(loadavg()[0] ?? 0, 1) },
      peakMemoryMb: round(process.resourceUsage().maxRSS / 1024, 0),
      results,
    },
    null,
    2,
  ),
)
