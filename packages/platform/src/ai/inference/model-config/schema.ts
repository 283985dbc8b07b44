// Which fields a model configuration has, of which kind, and which of Triton's this server does not serve (a table).
// Names as in triton-inference-server/common, protobuf/model_config.proto.

/** The kind of one value. */
export type Kind =
  | { readonly kind: 'text' | 'whole' | 'boolean' }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'message'; readonly fields: Fields }
  | { readonly kind: 'map'; readonly value: Kind }
  /** Known to Triton, without meaning here: read past, and told in the log. */
  | { readonly kind: 'ignored' }
  /** Known to Triton, and not served here: refused. */
  | { readonly kind: 'refused' }

/** One field. */
export type Field = Kind & { readonly isRepeated?: boolean }

/** The fields of a message. */
export type Fields = Readonly<Record<string, Field>>

const text = { kind: 'text' } as const
const whole = { kind: 'whole' } as const
const wholes = { kind: 'whole', isRepeated: true } as const
const boolean = { kind: 'boolean' } as const
const ignored = { kind: 'ignored' } as const
const refused = { kind: 'refused' } as const

/** Triton's names of element types, in the order of its enumeration. */
export const dataTypes = [
  'TYPE_INVALID',
  'TYPE_BOOL',
  'TYPE_UINT8',
  'TYPE_UINT16',
  'TYPE_UINT32',
  'TYPE_UINT64',
  'TYPE_INT8',
  'TYPE_INT16',
  'TYPE_INT32',
  'TYPE_INT64',
  'TYPE_FP16',
  'TYPE_FP32',
  'TYPE_FP64',
  'TYPE_STRING',
  'TYPE_BF16',
] as const

const dataType = { kind: 'word', words: dataTypes } as const
const reshape = { kind: 'message', fields: { shape: wholes } } as const

const queuePolicy = {
  kind: 'message',
  fields: {
    timeout_action: { kind: 'word', words: ['REJECT', 'DELAY'] },
    default_timeout_microseconds: whole,
    allow_timeout_override: boolean,
    max_queue_size: whole,
  },
} as const

const input: Fields = {
  name: text,
  data_type: dataType,
  format: { kind: 'word', words: ['FORMAT_NONE', 'FORMAT_NHWC', 'FORMAT_NCHW'] },
  dims: wholes,
  reshape,
  is_shape_tensor: refused,
  allow_ragged_batch: refused,
  optional: refused,
  is_non_linear_format_io: refused,
}

const output: Fields = {
  name: text,
  data_type: dataType,
  dims: wholes,
  reshape,
  label_filename: text,
  is_shape_tensor: refused,
  is_non_linear_format_io: refused,
}

const warmupInput: Kind = {
  kind: 'message',
  fields: { data_type: dataType, dims: wholes, zero_data: boolean, random_data: boolean, input_data_file: text },
}

/** The fields of ModelConfig. */
export const modelConfigFields: Fields = {
  name: text,
  platform: text,
  backend: text,
  runtime: ignored,
  version_policy: {
    kind: 'message',
    fields: {
      latest: { kind: 'message', fields: { num_versions: whole } },
      all: { kind: 'message', fields: {} },
      specific: { kind: 'message', fields: { versions: wholes } },
    },
  },
  max_batch_size: whole,
  input: { kind: 'message', fields: input, isRepeated: true },
  output: { kind: 'message', fields: output, isRepeated: true },
  batch_input: refused,
  batch_output: refused,
  optimization: ignored,
  dynamic_batching: {
    kind: 'message',
    fields: {
      preferred_batch_size: wholes,
      max_queue_delay_microseconds: whole,
      preserve_ordering: boolean,
      priority_levels: whole,
      default_priority_level: whole,
      default_queue_policy: queuePolicy,
      priority_queue_policy: { kind: 'map', value: queuePolicy },
    },
  },
  sequence_batching: refused,
  ensemble_scheduling: refused,
  instance_group: {
    kind: 'message',
    isRepeated: true,
    fields: {
      name: text,
      kind: { kind: 'word', words: ['KIND_AUTO', 'KIND_GPU', 'KIND_CPU', 'KIND_MODEL'] },
      count: whole,
      gpus: ignored,
      rate_limiter: ignored,
      profile: ignored,
      passive: ignored,
      host_policy: ignored,
      secondary_devices: ignored,
    },
  },
  default_model_filename: text,
  cc_model_filenames: ignored,
  metric_tags: ignored,
  parameters: { kind: 'map', value: { kind: 'message', fields: { string_value: text } } },
  model_warmup: {
    kind: 'message',
    isRepeated: true,
    fields: { name: text, batch_size: whole, count: whole, inputs: { kind: 'map', value: warmupInput } },
  },
  model_operations: refused,
  model_transaction_policy: { kind: 'message', fields: { decoupled: boolean } },
  model_repository_agents: refused,
  response_cache: { kind: 'message', fields: { enable: boolean } },
  model_metrics: ignored,
}
