// A model's configuration as the server uses it: read, completed with Triton's defaults, and checked (pure).
import type { Datatype } from '../../../kernel/ports.ts'
import { invalid } from '../protocol/triton-error.ts'
import { plainMessage, readFields, type Values } from './read-fields.ts'
import { type dataTypes, modelConfigFields } from './schema.ts'
import { readTextFormat } from './text-format.ts'

/** Triton's name of an element type. */
export type DataType = (typeof dataTypes)[number]

/** An input or output; `dims` are without the batch, -1 is any size. */
export interface TensorConfig {
  readonly name: string
  readonly data_type: DataType
  readonly dims: readonly number[]
  /** What the graph takes where it differs from `dims`. */
  readonly reshape?: { readonly shape: readonly number[] }
  readonly format?: string
  /** File of one label a line, for classification (outputs only). */
  readonly label_filename?: string
}

/** How long requests may wait. */
export interface QueuePolicy {
  readonly timeout_action: 'REJECT' | 'DELAY'
  readonly default_timeout_microseconds: number
  readonly allow_timeout_override: boolean
  /** 0: no bound but the server's own. */
  readonly max_queue_size: number
}

/** Requests that come together run together. */
export interface DynamicBatching {
  readonly preferred_batch_size: readonly number[]
  readonly max_queue_delay_microseconds: number
  readonly preserve_ordering: boolean
  readonly priority_levels: number
  readonly default_priority_level: number
  readonly default_queue_policy: QueuePolicy
  readonly priority_queue_policy: Readonly<Record<string, QueuePolicy>>
}

/** Input of a warm-up. */
export interface WarmupInput {
  readonly data_type: DataType
  readonly dims: readonly number[]
  readonly zero_data?: boolean
  readonly random_data?: boolean
  readonly input_data_file?: string
}

/** Runs before the model counts as ready. */
export interface Warmup {
  readonly name: string
  readonly batch_size: number
  readonly count: number
  readonly inputs: Readonly<Record<string, WarmupInput>>
}

/** Which of the versions that are there are served. */
export type VersionPolicy =
  | { readonly latest: { readonly num_versions: number } }
  | { readonly all: Readonly<Record<never, never>> }
  | { readonly specific: { readonly versions: readonly number[] } }

/** A configuration; names as in Triton's model_config.proto. */
export interface ModelConfig {
  readonly name: string
  readonly platform: string
  readonly backend: string
  readonly version_policy: VersionPolicy
  readonly max_batch_size: number
  readonly input: readonly TensorConfig[]
  readonly output: readonly TensorConfig[]
  readonly instance_group: readonly { readonly name: string; readonly kind: string; readonly count: number }[]
  readonly default_model_filename: string
  readonly dynamic_batching?: DynamicBatching
  readonly parameters: Readonly<Record<string, { readonly string_value: string }>>
  readonly model_warmup: readonly Warmup[]
}

/** A configuration as read, with the fields that have no meaning here. */
export interface ReadConfig {
  readonly config: ModelConfig
  readonly ignored: readonly string[]
}

const ours = 'onnxruntime_onnx'
const maxInstances = 16
const maxBatch = 1024
const modelName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** Says whether a text can name a model (and a folder). */
export const isModelName = (name: string): boolean => modelName.test(name)

function queuePolicy(values: Partial<QueuePolicy> = {}): QueuePolicy {
  return {
    timeout_action: 'REJECT',
    default_timeout_microseconds: 0,
    allow_timeout_override: false,
    max_queue_size: 0,
    ...values,
  }
}

function dynamicBatching(values: Partial<DynamicBatching>): DynamicBatching {
  return {
    preferred_batch_size: [],
    max_queue_delay_microseconds: 0,
    preserve_ordering: false,
    priority_levels: 0,
    default_priority_level: 0,
    ...values,
    default_queue_policy: queuePolicy(values.default_queue_policy),
    priority_queue_policy: Object.fromEntries(
      Object.entries(values.priority_queue_policy ?? {}).map(([level, policy]) => [level, queuePolicy(policy)]),
    ),
  }
}

function checkPlatform({ platform, backend }: Pick<ModelConfig, 'platform' | 'backend'>): void {
  if ((platform === '' || platform === ours) && (backend === '' || backend === 'onnxruntime')) return
  const given = platform === '' ? `backend "${backend}"` : `platform "${platform}"`
  throw invalid(`${given} is not served here: this server runs ONNX models (platform "${ours}")`)
}

function checkBatching({ max_batch_size: largest, dynamic_batching: batching }: ModelConfig): void {
  if (largest < 0 || largest > maxBatch) throw invalid(`max_batch_size must be from 0 to ${maxBatch}`)
  if (batching === undefined) return
  if (largest === 0) throw invalid('dynamic_batching needs a max_batch_size of 1 or more')
  if (batching.preferred_batch_size.some((size) => size < 1 || size > largest)) {
    throw invalid(`preferred_batch_size must be from 1 to max_batch_size (${largest})`)
  }
  const { priority_levels: levels, default_priority_level: usual } = batching
  if (levels < 0 || levels > 64 || (levels > 0 && (usual < 1 || usual > levels))) {
    throw invalid('default_priority_level must be from 1 to priority_levels, which is at most 64')
  }
  if (batching.max_queue_delay_microseconds < 0 || batching.max_queue_delay_microseconds > 10_000_000) {
    throw invalid('max_queue_delay_microseconds must be from 0 to 10000000')
  }
}

function checkInstances({ instance_group: groups }: ModelConfig): void {
  const count = groups.reduce((sum, group) => sum + group.count, 0)
  if (groups.some((group) => group.count < 1) || count > maxInstances) {
    throw invalid(`instance_group must ask for 1 to ${maxInstances} instances`)
  }
  if (groups.some(({ kind }) => kind === 'KIND_GPU')) {
    throw invalid('instance_group asks for KIND_GPU; this server has processors only (KIND_CPU)')
  }
}

function checkTensors(tensors: readonly TensorConfig[], what: string): void {
  const names = tensors.map(({ name }) => name)
  if (names.some((name) => name === '' || name === undefined)) throw invalid(`each ${what} needs a name`)
  if (new Set(names).size < names.length) throw invalid(`two ${what}s have the same name`)
  for (const { name, dims, data_type: type } of tensors) {
    if (dims.some((size) => size < -1 || size === 0))
      throw invalid(`dims of ${name} must be positive, or -1 for any size`)
    if (type === 'TYPE_INVALID') throw invalid(`${name} needs a data_type`)
    if (type === 'TYPE_STRING' || type === 'TYPE_BF16')
      throw invalid(`${type} of ${name} is not supported by this server`)
  }
}

function checkRest(values: Values): void {
  const { response_cache: cache, model_transaction_policy: policy } = values as {
    readonly response_cache?: { readonly enable?: boolean }
    readonly model_transaction_policy?: { readonly decoupled?: boolean }
  }
  if (cache?.enable === true) throw invalid('response_cache is not supported by this server')
  if (policy?.decoupled === true) throw invalid('decoupled models are not supported by this server')
}

const tensorConfigs = (list: unknown): readonly TensorConfig[] =>
  ((list ?? []) as readonly Partial<TensorConfig>[]).map((one) => ({
    name: '',
    data_type: 'TYPE_INVALID',
    dims: [],
    ...one,
  }))

function versionPolicy(values: unknown): VersionPolicy {
  const policy = (values ?? {}) as Values
  const chosen = Object.keys(policy)
  if (chosen.length > 1) throw invalid('version_policy must be one of latest, all and specific')
  const { latest, all, specific } = policy as {
    readonly latest?: { readonly num_versions?: number }
    readonly all?: object
    readonly specific?: { readonly versions?: readonly number[] }
  }
  if (all !== undefined) return { all: {} }
  if (specific !== undefined) return { specific: { versions: specific.versions ?? [] } }
  const count = latest?.num_versions ?? 1
  if (count < 1) throw invalid('version_policy: num_versions must be 1 or more')
  return { latest: { num_versions: count } }
}

function warmups(list: unknown): readonly Warmup[] {
  return ((list ?? []) as readonly Partial<Warmup>[]).map((one) => {
    const warmup = { name: '', batch_size: 1, inputs: {}, ...one, count: Math.max(1, one.count ?? 1) }
    if (warmup.count > 100) throw invalid('model_warmup: count must be at most 100')
    return warmup
  })
}

function parametersIn(
  given: Readonly<Record<string, { readonly string_value?: string }>> = {},
): ModelConfig['parameters'] {
  return Object.fromEntries(Object.entries(given).map(([key, { string_value = '' }]) => [key, { string_value }]))
}

function configOf(values: Values, name: string): ModelConfig {
  const given = values as Partial<ModelConfig>
  if (given.name !== undefined && given.name !== '' && given.name !== name) {
    throw invalid(`the configuration is of "${given.name}", not of "${name}"`)
  }
  const groups = given.instance_group ?? []
  const batching = given.dynamic_batching
  const config: ModelConfig = {
    name,
    platform: given.platform ?? '',
    backend: given.backend ?? '',
    version_policy: versionPolicy(given.version_policy),
    max_batch_size: given.max_batch_size ?? 0,
    input: tensorConfigs(given.input),
    output: tensorConfigs(given.output),
    instance_group: (groups.length === 0 ? [{}] : groups).map((group, at) => ({
      name: `${name}_${at}`,
      kind: 'KIND_CPU',
      count: 1,
      ...group,
    })),
    default_model_filename: given.default_model_filename ?? 'model.onnx',
    ...(batching === undefined ? {} : { dynamic_batching: dynamicBatching(batching) }),
    parameters: parametersIn(given.parameters),
    model_warmup: warmups(given.model_warmup),
  }
  checkPlatform(config)
  checkRest(values)
  checkBatching(config)
  checkInstances(config)
  checkTensors(config.input, 'input')
  checkTensors(config.output, 'output')
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(config.default_model_filename)) {
    throw invalid('default_model_filename must be the name of a file')
  }
  return { ...config, platform: ours, backend: 'onnxruntime' }
}

/** Reads a `config.pbtxt` of the model `name`. @throws TritonError INVALID_ARG that names line or field */
export function readConfigText(text: string, name: string): ReadConfig {
  const { values, ignored } = readFields(plainMessage(readTextFormat(text), modelConfigFields), modelConfigFields)
  return { config: configOf(values, name), ignored }
}

/** Reads a configuration in JSON, as a load request carries it. @throws TritonError INVALID_ARG */
export function readConfigJson(text: string, name: string): ReadConfig {
  const parsed = parseJson(text)
  const { values, ignored } = readFields(parsed, modelConfigFields)
  return { config: configOf(values, name), ignored }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('the parameter config is not valid JSON', { cause })
  }
}

/** KServe's name of an element type. */
export function datatypeOf(type: DataType): Datatype {
  return type.slice('TYPE_'.length) as Datatype // texts and BF16 were refused when the configuration was read
}

/** Triton's name of an element type. */
export function dataTypeOf(datatype: Datatype): DataType {
  return `TYPE_${datatype}` as DataType // every datatype has one
}
