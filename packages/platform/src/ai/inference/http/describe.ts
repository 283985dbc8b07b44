// What the server and its models say of themselves: metadata, configuration, statistics (pure).
import { datatypeOf, type ModelConfig, type TensorConfig } from '../model-config/model-config.ts'
import type { ServedVersion } from '../serving/served-version.ts'
import type { ModelStatistics } from '../serving/statistics.ts'

/** Extensions of the protocol that are served, by Triton's names. */
export const extensions: readonly string[] = Object.freeze([
  'classification',
  'model_repository',
  'model_repository(unload_dependents)',
  'schedule_policy',
  'model_configuration',
  'binary_tensor_data',
  'parameters',
  'statistics',
  'trace',
  'logging',
])

/** Name and version of this server. */
export interface ServerIdentity {
  readonly name: string
  readonly version: string
}

function tensorMetadata({ name, data_type: type, dims }: TensorConfig, maxBatch: number) {
  return { name, datatype: datatypeOf(type), shape: maxBatch > 0 ? [-1, ...dims] : [...dims] }
}

/** The metadata of a model; `versions` are those that are served. */
export function modelMetadata({ name, config }: ServedVersion, versions: readonly string[]) {
  return {
    name,
    versions,
    platform: config.platform,
    inputs: config.input.map((input) => tensorMetadata(input, config.max_batch_size)),
    outputs: config.output.map((output) => tensorMetadata(output, config.max_batch_size)),
  }
}

/** A configuration with the empty fields that Triton's clients look for. */
export function fullConfig(config: ModelConfig): Readonly<Record<string, unknown>> {
  return {
    ...config,
    input: config.input.map((input) => ({ format: 'FORMAT_NONE', is_shape_tensor: false, optional: false, ...input })),
    output: config.output.map((output) => ({ label_filename: '', is_shape_tensor: false, ...output })),
    batch_input: [],
    batch_output: [],
    metric_tags: {},
    cc_model_filenames: {},
  }
}

/** One entry of `model_stats`. */
export function statisticsOf(served: ServedVersion): ModelStatistics & {
  readonly name: string
  readonly version: string
} & {
  readonly memory_usage: readonly never[]
  readonly response_stats: Readonly<Record<string, never>>
} {
  const { name, version } = served
  return { name, version, ...served.statistics(), memory_usage: [], response_stats: {} }
}
