// The shipped nodule model, run by onnxruntime in this process, for tests that need no server.
import { existsSync, readFileSync } from 'node:fs'
import { AppError } from '@xinglin/core/errors'
import * as onnxruntime from 'onnxruntime-node'
import type { Models } from '../../../../kernel/ports.ts'

/** Counts what the model was asked, and may hold its answers back. */
export interface Gate {
  pass: () => Promise<void>
  asked: number
}

const graphFile = new URL('../../../../../../../models/lung_nodule_unet/1/model.onnx', import.meta.url)

/** Why tests with the model are skipped; false when they are not. */
export const whyNoModel = existsSync(graphFile) ? false : 'the model is not trained: npx xinglin train lung-nodule'

/** The served model without its server: the shipped graph in this process. */
export async function localModels(gate: Gate): Promise<Models> {
  const session = await onnxruntime.InferenceSession.create(readFileSync(graphFile), { logSeverityLevel: 3 })
  return {
    metadata: async (name) => ({ name, versions: ['1'], platform: 'onnxruntime_onnx', inputs: [], outputs: [] }),
    async infer(_model, inputs) {
      gate.asked++
      await gate.pass()
      const { data, shape = [] } = inputs['input__0'] ?? {}
      if (!(data instanceof Float32Array)) throw new AppError('unprocessable', 'no input__0')
      const feeds = { input__0: new onnxruntime.Tensor('float32', data, [...shape]) }
      const output = (await session.run(feeds))['output__0']
      return { output__0: { datatype: 'FP32', shape: output?.dims ?? [], data: output?.data as Float32Array } }
    },
  }
}
