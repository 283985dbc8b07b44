// Runs a model on made-up or given inputs before it counts as ready, so that the first patient does not wait for it.
import type { NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { bytesOf, elementBytes, elementCount, tensorOf, zeroTensor } from '../../../kernel/tensors.ts'
import { datatypeOf, type ModelConfig, type WarmupInput } from '../model-config/model-config.ts'
import { invalid } from '../protocol/triton-error.ts'
import type { ModelFiles } from '../repository/model-files.ts'
import { reshaped } from './batch.ts'
import type { Instance } from './instance.ts'

const maxBytes = 268_435_456

function fillRandomly(tensor: Tensor): void {
  const { data } = tensor
  if (data instanceof Float32Array || data instanceof Float64Array) {
    for (let at = 0; at < data.length; at++) data[at] = Math.random()
  } else if (tensor.datatype === 'BOOL' || tensor.datatype === 'FP16') return
  // Other whole numbers: 0 and 1, which are in the range of every vocabulary or code list.
  else {
    const bytes = bytesOf(tensor)
    for (let at = 0; at < bytes.length; at += elementBytes(tensor.datatype)) bytes[at] = Math.random() < 0.5 ? 0 : 1
  }
}

async function tensorFor(input: WarmupInput, batch: readonly number[], files: ModelFiles): Promise<Tensor> {
  const datatype = datatypeOf(input.data_type)
  const shape = [...batch, ...input.dims]
  if (shape.some((size) => size < 1)) throw invalid('model_warmup: dims must be positive')
  if (elementCount(shape) * elementBytes(datatype) > maxBytes) throw invalid('model_warmup: the input is too large')
  if (input.input_data_file !== undefined) {
    const bytes = await files.readFile(`warmup/${input.input_data_file}`)
    if (bytes === undefined) throw invalid(`model_warmup: there is no file warmup/${input.input_data_file}`)
    return tensorOf(datatype, shape, bytes)
  }
  const tensor = zeroTensor(datatype, shape)
  if (input.random_data === true) fillRandomly(tensor)
  return tensor
}

/** Runs every warm-up of the configuration. @throws TritonError or AppError when one fails */
export async function warmUp(config: ModelConfig, instance: Instance, files: ModelFiles): Promise<void> {
  const outputs = config.output.map(({ name }) => name)
  const isBatched = config.max_batch_size > 0
  for (const { batch_size: size, count, inputs } of config.model_warmup) {
    if (isBatched && (size < 1 || size > config.max_batch_size))
      throw invalid('model_warmup: batch_size is out of range')
    const named = await Promise.all(
      Object.entries(inputs).map(
        async ([name, input]): Promise<[string, Tensor]> => [
          name,
          await tensorFor(input, isBatched ? [size] : [], files),
        ],
      ),
    )
    const feeds: NamedTensors = reshaped(Object.fromEntries(named), config.input, 'graph', isBatched)
    for (let run = 0; run < count; run++) await instance.run(feeds, outputs)
  }
}
