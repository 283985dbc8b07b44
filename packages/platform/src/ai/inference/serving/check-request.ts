// Holds a request against the model's configuration before it may wait in a queue (pure).
import type { NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { datatypeOf, type ModelConfig, type TensorConfig } from '../model-config/model-config.ts'
import type { RequestedOutput } from '../protocol/infer.ts'
import { invalid } from '../protocol/triton-error.ts'

const shown = (shape: readonly number[]): string => `[${shape.join(',')}]`

function batchOf(config: ModelConfig, name: string, { shape }: Tensor): number {
  const batch = shape[0] ?? 0
  if (batch < 1) throw invalid(`the batch of input '${name}' for model '${config.name}' is empty`)
  if (batch > config.max_batch_size) {
    throw invalid(`inference request batch-size must be <= ${config.max_batch_size} for '${config.name}', not ${batch}`)
  }
  return batch
}

function checkInput(config: ModelConfig, wanted: TensorConfig, tensor: Tensor): number {
  const { name, dims } = wanted
  if (tensor.datatype !== datatypeOf(wanted.data_type)) {
    const type = datatypeOf(wanted.data_type)
    throw invalid(
      `inference input '${name}' data-type is '${tensor.datatype}', but model '${config.name}' expects '${type}'`,
    )
  }
  const isBatched = config.max_batch_size > 0
  const own = isBatched ? tensor.shape.slice(1) : tensor.shape
  const fits = own.length === dims.length && dims.every((size, at) => size === -1 || size === own[at])
  if (!fits || (isBatched && tensor.shape.length === 0)) {
    const expected = shown(isBatched ? [-1, ...dims] : dims)
    throw invalid(
      `unexpected shape for input '${name}' for model '${config.name}'. Expected ${expected}, got ${shown(tensor.shape)}`,
    )
  }
  return isBatched ? batchOf(config, name, tensor) : 1
}

/**
 * Checks the inputs.
 * @returns the size of the batch (1 for models without batches)
 * @throws TritonError INVALID_ARG in the words that Triton uses
 */
export function checkInputs(config: ModelConfig, inputs: NamedTensors): number {
  const missing = config.input.filter(({ name }) => !Object.hasOwn(inputs, name)).map(({ name }) => `'${name}'`)
  const given = Object.keys(inputs)
  if (missing.length > 0) {
    throw invalid(
      `expected ${config.input.length} inputs but got ${given.length} inputs for model '${config.name}'; missing ${missing.join(', ')}`,
    )
  }
  const unknown = given.find((name) => !config.input.some((input) => input.name === name))
  if (unknown !== undefined) throw invalid(`unexpected inference input '${unknown}' for model '${config.name}'`)
  const sizes = config.input.map((input) => {
    const tensor = inputs[input.name]
    if (tensor === undefined) throw invalid(`input '${input.name}' is missing`)
    return checkInput(config, input, tensor)
  })
  if (new Set(sizes).size > 1) throw invalid(`the inputs of model '${config.name}' differ in their batch`)
  return sizes[0] ?? 1
}

/** Checks the outputs asked for. @throws TritonError INVALID_ARG */
export function checkOutputs(config: ModelConfig, outputs: readonly RequestedOutput[] | undefined): void {
  const unknown = outputs?.find(({ name }) => !config.output.some((output) => output.name === name))
  if (unknown !== undefined) throw invalid(`unexpected inference output '${unknown.name}' for model '${config.name}'`)
}
