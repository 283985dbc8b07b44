// Measures the shipped model on crops that it was not trained on: Dice per slice and nodule beside the readers' own, as JSON.
// Usage: node training/lung-nodule/validate.ts [--data folder] [--part validation] [--model folder]
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { onnxruntimeSessions, weightsFromOnnx } from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import { evaluateCrops } from './evaluate.ts'
import { cropSize, readCrops } from './lidc.ts'
import { lungNoduleUnet } from './network.ts'
import { agreementOf } from './overlap.ts'
import { readerAgreement } from './readers.ts'

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: folder('../shared/data/lidc') },
    part: { type: 'string', default: 'validation' },
    model: { type: 'string', default: folder('models/lung_nodule_unet') },
  },
})

const crops = await readCrops(values.data, values.part)
const model = lungNoduleUnet(cropSize)
const weights = weightsFromOnnx(model.parameters, readFileSync(`${values.model}/1/model.onnx`))
const counts = await evaluateCrops({
  ...{ model, weights, crops, open: onnxruntimeSessions(onnxruntime) },
  chosen: crops.patients.map((_, at) => at),
  onProgress: (done) => process.stderr.write(`\r${done} of ${crops.count} slices`),
})
process.stderr.write('\n')
console.log(JSON.stringify({ part: values.part, model: agreementOf(counts), readers: readerAgreement(crops) }, null, 2))
