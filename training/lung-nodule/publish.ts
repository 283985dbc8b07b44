// Turns a finished run into a served model: the ONNX graph, Triton's configuration, and the card with what validation found.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelRangeHu, modelSize } from '@xinglin/core/dicom/nodule'
import { fromTensors, inferenceGraph, type OpenSession, toTensors } from '@xinglin/core/learn'
import { cardOf, type Findings } from './card.ts'
import type { Checkpoint } from './checkpoint.ts'
import { evaluateCrops } from './evaluate.ts'
import { type Crops, cropSize, readCrops } from './lidc.ts'
import { metricsOf } from './metrics.ts'
import { lungNoduleUnet } from './network.ts'
import type { TrainingPlan } from './options.ts'
import { agreementOf } from './overlap.ts'
import { readerAgreement } from './readers.ts'

/** What publishing takes. */
export interface Finished {
  readonly plan: TrainingPlan
  readonly checkpoint: Checkpoint
  readonly open: OpenSession
  readonly crops: Crops
  /** Numbers of the training crops whose patients were held out. */
  readonly heldOut: readonly number[]
  readonly say: (line: string) => void
}

const configuration = `name: "lung_nodule_unet"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  {
    name: "input__0"
    data_type: TYPE_FP32
    dims: [ 1, ${modelSize}, ${modelSize} ]
  }
]
output [
  {
    name: "output__0"
    data_type: TYPE_FP32
    dims: [ 1, ${modelSize}, ${modelSize} ]
  }
]
`

/**
 * The served graph: CT numbers in HU `[batch, 1, 512, 512]` as `input__0`, the probability of a nodule per pixel as
 * `output__0`; clipping to -1000…400 HU and scaling to 0…1 are part of it.
 */
export function servedGraph(weights: Float32Array): Uint8Array {
  const model = lungNoduleUnet(modelSize)
  return inferenceGraph(model, weights, {
    input: 'input__0',
    output: 'output__0',
    prepare({ graph }, input) {
      const { low, high } = modelRangeHu
      const clipped = graph.node('Clip', [input, graph.scalar(low), graph.scalar(high)], input.shape)
      const raised = graph.node('Sub', [clipped, graph.scalar(low)], input.shape)
      return graph.node('Mul', [raised, graph.scalar(1 / (high - low))], input.shape)
    },
  })
}

// Probabilities from which a pixel may be marked; what is best on the held-out training patients becomes the model's 0.5.
const operatingPoints = [0.2, 0.3, 0.4, 0.5]
// Every third slice tells enough.
const tuneEvery = 3

async function operatingPoint({ checkpoint, open, crops, heldOut, say }: Finished): Promise<number> {
  const chosen = heldOut.filter((_, at) => at % tuneEvery === 0)
  const tried: { readonly from: number; readonly dice: number }[] = []
  for (const from of operatingPoints) {
    const counts = await evaluateCrops({
      ...{ model: lungNoduleUnet(cropSize), weights: checkpoint.state.weights, crops, chosen, open, from },
    })
    tried.push({ from, dice: agreementOf(counts).dice.mean })
  }
  const best = tried.reduce((before, one) => (one.dice > before.dice ? one : before))
  say(`held-out Dice by operating point: ${tried.map(({ from, dice }) => `${from}: ${dice.toFixed(3)}`).join(', ')}`)
  return best.from
}

// Moves the last bias so that the probability `from` becomes 0.5.
function withOperatingPoint(weights: Float32Array, from: number): Float32Array {
  const { parameters } = lungNoduleUnet(cropSize)
  const tensors = toTensors(parameters, weights)
  const bias = tensors['head.bias']
  if (bias === undefined) throw new RangeError('the network has no head.bias')
  const shift = -Math.log(from / (1 - from))
  const data = Float32Array.from(bias.data as Float32Array, (value) => value + shift)
  return fromTensors(parameters, { ...tensors, 'head.bias': { ...bias, data } })
}

async function evaluate(finished: Finished, weights: Float32Array, from: number): Promise<Findings> {
  const { plan, checkpoint, open, crops, heldOut, say } = finished
  const model = lungNoduleUnet(cropSize)
  const heldCounts = await evaluateCrops({ model, weights, crops, chosen: heldOut, open })
  const validation = await readCrops(plan.data, 'validation')
  const chosen = validation.patients.map((_, at) => at)
  const onProgress = (done: number): void => {
    if (done % 200 === 0 || done === chosen.length) say(`validation: ${done} of ${chosen.length} slices`)
  }
  const counts = await evaluateCrops({ model, weights, crops: validation, chosen, open, onProgress })
  return {
    heldOut: agreementOf(heldCounts),
    validation: agreementOf(counts),
    readers: readerAgreement(validation),
    trainPatients: new Set(crops.patients).size,
    operatingPoint: from,
    checkpoint,
    steps: plan.steps,
  }
}

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

/** Chooses the operating point, validates once, then writes `config.pbtxt`, `1/model.onnx`, `CARD.md` and `metrics.json`. */
export async function publish(finished: Finished): Promise<void> {
  const { plan, checkpoint, say } = finished
  const from = await operatingPoint(finished)
  const weights = withOperatingPoint(checkpoint.state.weights, from)
  const findings = await evaluate(finished, weights, from)
  await mkdir(join(plan.out, '1'), { recursive: true })
  await put(join(plan.out, '1', 'model.onnx'), servedGraph(weights))
  await put(join(plan.out, 'config.pbtxt'), configuration)
  await put(join(plan.out, 'CARD.md'), cardOf(findings))
  await put(join(plan.out, 'metrics.json'), metricsOf(findings))
  const { dice } = findings.validation
  say(
    `validation Dice ${dice.mean.toFixed(3)} (${dice.low.toFixed(3)} to ${dice.high.toFixed(3)}); the model is in ${plan.out}`,
  )
}
