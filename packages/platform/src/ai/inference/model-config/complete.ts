// Completes a configuration from the graph where it leaves things out, and refuses it where the two disagree (pure).
import { invalid } from '../protocol/triton-error.ts'
import { dataTypeOf, type ModelConfig, type TensorConfig } from './model-config.ts'
import type { GraphSignature, GraphTensor } from './onnx-signature.ts'

// Triton's default for models whose every tensor begins with a dimension of any size (--backend-config default-max-batch-size).
const defaultMaxBatch = 4

const dims = (shape: readonly number[]): string => `[${shape.join(',')}]`

/** The shape that the graph sees, batch included. */
export function graphShape({ dims: own, reshape }: TensorConfig, maxBatch: number): readonly number[] {
  const shape = reshape?.shape ?? own
  return maxBatch > 0 ? [-1, ...shape] : shape
}

function configured({ name, datatype, shape }: GraphTensor, isBatched: boolean): TensorConfig {
  const own = isBatched ? shape.slice(1) : shape
  // A scalar is written as one element that the graph does not see.
  return {
    name,
    data_type: dataTypeOf(datatype),
    dims: own.length === 0 ? [1] : own,
    ...(own.length === 0 ? { reshape: { shape: [] } } : {}),
  }
}

function checkTensor(config: ModelConfig, tensor: TensorConfig, graph: GraphTensor | undefined): void {
  const { name } = tensor
  if (graph === undefined) throw invalid(`model "${config.name}": the graph has no tensor ${name}`)
  if (tensor.data_type !== dataTypeOf(graph.datatype)) {
    throw invalid(
      `model "${config.name}": ${name} is ${dataTypeOf(graph.datatype)} in the graph, not ${tensor.data_type}`,
    )
  }
  const shape = graphShape(tensor, config.max_batch_size)
  const fits =
    shape.length === graph.shape.length &&
    shape.every((size, at) => size === -1 || graph.shape[at] === -1 || size === graph.shape[at])
  const isBatchFixed = config.max_batch_size > 0 && graph.shape[0] !== -1
  if (!fits || isBatchFixed) {
    const why = isBatchFixed && fits ? ' (the batch must be of any size in the graph, or max_batch_size 0)' : ''
    throw invalid(`model "${config.name}": ${name} is ${dims(graph.shape)} in the graph, not ${dims(shape)}${why}`)
  }
}

function canBatch({ inputs, outputs }: GraphSignature): boolean {
  return [...inputs, ...outputs].every(({ shape }) => shape[0] === -1)
}

/**
 * Fills in what is missing and checks the rest against the graph.
 * @param isGiven false when there was no configuration at all, so that batching may be chosen too
 * @throws TritonError INVALID_ARG when configuration and graph disagree
 */
export function completeConfig(config: ModelConfig, graph: GraphSignature, isGiven: boolean): ModelConfig {
  const largest = !isGiven && canBatch(graph) ? defaultMaxBatch : config.max_batch_size
  const isBatched = largest > 0
  const complete: ModelConfig = {
    ...config,
    max_batch_size: largest,
    input: config.input.length > 0 ? config.input : graph.inputs.map((one) => configured(one, isBatched)),
    output: config.output.length > 0 ? config.output : graph.outputs.map((one) => configured(one, isBatched)),
    ...(!isGiven && isBatched ? { dynamic_batching: plainBatching } : {}),
  }
  const unnamed = graph.inputs.find(({ name }) => !complete.input.some((input) => input.name === name))
  if (unnamed !== undefined) throw invalid(`model "${config.name}": the graph also takes ${unnamed.name}`)
  for (const tensor of complete.input) {
    checkTensor(
      complete,
      tensor,
      graph.inputs.find(({ name }) => name === tensor.name),
    )
  }
  for (const tensor of complete.output) {
    checkTensor(
      complete,
      tensor,
      graph.outputs.find(({ name }) => name === tensor.name),
    )
  }
  return complete
}

const plainBatching = {
  preferred_batch_size: [],
  max_queue_delay_microseconds: 0,
  preserve_ordering: false,
  priority_levels: 0,
  default_priority_level: 0,
  default_queue_policy: {
    timeout_action: 'REJECT',
    default_timeout_microseconds: 0,
    allow_timeout_override: false,
    max_queue_size: 0,
  },
  priority_queue_policy: {},
} as const
