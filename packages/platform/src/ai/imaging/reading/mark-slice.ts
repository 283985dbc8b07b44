// Asks the served model about one slice.
import { modelSize, ontoModel, ontoSlice, type SliceFit } from '@xinglin/core/dicom/nodule'
import { AppError } from '@xinglin/core/errors'
import type { Models } from '../../../kernel/ports.ts'
import { nodulesModel } from './reading.ts'

/** Probabilities of a nodule `[512, 512]` for CT numbers `[512, 512]`. @throws AppError of the model's server */
export async function askModel(models: Models, image: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
  const shape = [1, 1, modelSize, modelSize]
  const answer = await models.infer(
    nodulesModel,
    { input__0: { datatype: 'FP32', shape, data: image } },
    { outputs: ['output__0'], ...(signal === undefined ? {} : { signal }) },
  )
  const values = answer['output__0']?.data
  if (values instanceof Float32Array && values.length === modelSize * modelSize) return values
  throw new AppError(
    'bad-gateway',
    `The model ${nodulesModel} gave no map of ${modelSize} by ${modelSize} probabilities`,
  )
}

/** Probabilities (0 to 255) on the slice's own pixels. @param hu CT numbers of the slice, row-major */
export async function markSlice(
  models: Models,
  hu: ArrayLike<number>,
  fit: SliceFit,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return ontoSlice(await askModel(models, ontoModel(hu, fit), signal), fit)
}
