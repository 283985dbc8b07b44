// Turns a finished run into a served model: the ONNX graph, Triton's configuration, and the card with what validation found.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelRangeHu, modelSize } from '@xinglin/core/dicom/nodule'
import { inferenceGraph, type OpenSession } from '@xinglin/core/learn'
import { cardOf, type Findings } from './card.ts'
import type { Checkpoint } from './checkpoint.ts'
import { evaluateCrops } from './evaluate.ts'
import { type Crops, cropSize, readCrops } from './lidc.ts'
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

async function evaluate({ plan, checkpoint, open, crops, heldOut, say }: Finished): Promise<Findings> {
  const model = lungNoduleUnet(cropSize)
  const { weights } = checkpoint.state
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
    checkpoint,
    steps: plan.steps,
  }
}

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

/** Validates once, then writes `config.pbtxt`, `1/model.onnx` and `CARD.md`. */
export async function publish(finished: Finished): Promise<void> {
  const { plan, checkpoint, say } = finished
  const findings = await evaluate(finished)
  await mkdir(join(plan.out, '1'), { recursive: true })
  await put(join(plan.out, '1', 'model.onnx'), servedGraph(checkpoint.state.weights))
  await put(join(plan.out, 'config.pbtxt'), configuration)
  await put(join(plan.out, 'CARD.md'), cardOf(findings))
  await put(
    join(plan.out, 'findings.json'),
    `${JSON.stringify({ ...findings, checkpoint: undefined, history: checkpoint.history }, null, 2)}\n`,
  )
  const { dice } = findings.validation
  say(
    `validation Dice ${dice.mean.toFixed(3)} (${dice.low.toFixed(3)} to ${dice.high.toFixed(3)}); the model is in ${plan.out}`,
  )
}
