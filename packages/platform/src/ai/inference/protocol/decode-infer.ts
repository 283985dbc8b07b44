// Reads an inference request of HTTP: all JSON, JSON with raw tensors after it, or raw bytes alone (pure).
// Source: triton-inference-server/server, docs/protocol/extension_binary_data.md; KServe open inference protocol, REST.
import type { Datatype, NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { elementBytes, elementCount, isDatatype, tensorOf } from '../../../kernel/tensors.ts'
import { datatypeOf, type ModelConfig } from '../model-config/model-config.ts'
import type { InferRequest, RequestedOutput } from './infer.ts'
import { tensorOfJson } from './json-tensors.ts'
import { invalid } from './triton-error.ts'

/** Largest part of JSON; beyond it tensors must travel as binary data. */
export const maxJsonBytes = 8_388_608

const maxTensors = 64
const maxRank = 16
const maxClasses = 10_000
const maxNameLength = 256

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses JSON of a body. @throws TritonError INVALID_ARG */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength > maxJsonBytes) {
    throw invalid(`the JSON is larger than ${maxJsonBytes} bytes: send tensors as binary data`)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid('failed to parse the request JSON buffer', { cause })
  }
}

function listOf(value: unknown, what: string): readonly Json[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw invalid(`'${what}' must be a list of objects`)
  if (value.length > maxTensors) throw invalid(`'${what}' has more than ${maxTensors} entries`)
  return value
}

function nameOf({ name }: Json, what: string): string {
  if (typeof name !== 'string' || name === '' || name.length > maxNameLength)
    throw invalid(`each ${what} needs a 'name'`)
  return name
}

function parametersOf({ parameters = {} }: Json): Json {
  if (!isObject(parameters)) throw invalid("'parameters' must be an object")
  return parameters
}

function wholeOf(parameters: Json, name: string, max: number): number | undefined {
  const value = parameters[name]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value
  throw invalid(`the parameter '${name}' must be a whole number from 0 to ${max}`)
}

function flagOf(parameters: Json, name: string): boolean | undefined {
  const value = parameters[name]
  if (value === undefined || typeof value === 'boolean') return value
  throw invalid(`the parameter '${name}' must be true or false`)
}

/** Reads a shape. @throws TritonError INVALID_ARG */
export function shapeOf(value: unknown, name: string): readonly number[] {
  const isShape =
    Array.isArray(value) && value.length <= maxRank && value.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (!isShape || !Number.isSafeInteger(elementCount(value))) {
    throw invalid(`the shape of input '${name}' must be of at most ${maxRank} whole numbers that are not negative`)
  }
  return value
}

/** Reads an element type. @throws TritonError INVALID_ARG */
export function datatypeIn(value: unknown, name: string): Datatype {
  if (isDatatype(value)) return value
  throw invalid(`inference input '${name}' data-type ${JSON.stringify(String(value).slice(0, 20))} is not supported`)
}

/** A tensor of raw bytes. @throws TritonError INVALID_ARG when there are too many or too few */
export function rawTensor(name: string, datatype: Datatype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const expected = elementCount(shape) * elementBytes(datatype)
  if (bytes.byteLength !== expected) {
    throw invalid(`unexpected total byte size ${bytes.byteLength} for input '${name}', expecting ${expected}`)
  }
  return tensorOf(datatype, shape, bytes)
}

// Takes from the raw part, in the order of the inputs.
function createTail(bytes: Uint8Array) {
  const state = { at: 0 }
  return {
    take(size: number, name: string): Uint8Array {
      const end = state.at + size
      if (end > bytes.byteLength)
        throw invalid(`unexpected size for input '${name}': the body ends before its binary data`)
      const taken = bytes.subarray(state.at, end)
      state.at = end
      return taken
    },
    checkEnd(): void {
      if (state.at < bytes.byteLength)
        throw invalid(`${bytes.byteLength - state.at} bytes of binary data belong to no input`)
    },
  }
}

function inputOf(input: Json, tail: ReturnType<typeof createTail>): [string, Tensor] {
  const name = nameOf(input, 'input')
  const parameters = parametersOf(input)
  if (Object.hasOwn(parameters, 'shared_memory_region')) throw invalid('shared memory is not supported by this server')
  const datatype = datatypeIn(input['datatype'], name)
  const shape = shapeOf(input['shape'], name)
  const size = wholeOf(parameters, 'binary_data_size', Number.MAX_SAFE_INTEGER)
  const { data } = input
  if (size !== undefined && data !== undefined) throw invalid(`input '${name}' has both 'data' and binary data`)
  if (size !== undefined) return [name, rawTensor(name, datatype, shape, tail.take(size, name))]
  if (!Array.isArray(data)) throw invalid(`input '${name}' needs 'data' or the parameter 'binary_data_size'`)
  return [name, tensorOfJson(name, datatype, shape, data)]
}

function outputOf(output: Json, isUsuallyBinary: boolean): RequestedOutput {
  const name = nameOf(output, 'output')
  const parameters = parametersOf(output)
  if (Object.hasOwn(parameters, 'shared_memory_region')) throw invalid('shared memory is not supported by this server')
  return {
    name,
    classes: wholeOf(parameters, 'classification', maxClasses) ?? 0,
    isBinary: flagOf(parameters, 'binary_data') ?? isUsuallyBinary,
  }
}

function named(inputs: readonly [string, Tensor][]): NamedTensors {
  const byName = new Map(inputs)
  if (byName.size < inputs.length) throw invalid('two inputs have the same name')
  return Object.fromEntries(byName)
}

function checkSequence(parameters: Json): void {
  const id = parameters['sequence_id']
  if (id !== undefined && id !== 0 && id !== '') throw invalid('sequences are not supported by this server')
}

function idOf({ id = '' }: Json): string {
  if (typeof id !== 'string' || id.length > maxNameLength)
    throw invalid(`'id' must be a text of at most ${maxNameLength} characters`)
  return id
}

function fromJson(body: Uint8Array, jsonBytes: number, config: ModelConfig): InferRequest {
  const request = parseJson(body.subarray(0, jsonBytes))
  if (!isObject(request)) throw invalid('the request must be a JSON object')
  const parameters = parametersOf(request)
  checkSequence(parameters)
  const tail = createTail(body.subarray(jsonBytes))
  const inputs = named(listOf(request['inputs'], 'inputs').map((input) => inputOf(input, tail)))
  tail.checkEnd()
  const isBinary = flagOf(parameters, 'binary_data_output') ?? false
  const asked = request['outputs'] === undefined ? [] : listOf(request['outputs'], 'outputs')
  const all = config.output.map(({ name }): RequestedOutput => ({ name, classes: 0, isBinary }))
  return {
    id: idOf(request),
    inputs,
    outputs: asked.length === 0 ? all : asked.map((output) => outputOf(output, isBinary)),
    priority: wholeOf(parameters, 'priority', Number.MAX_SAFE_INTEGER) ?? 0,
    timeoutUs: wholeOf(parameters, 'timeout', Number.MAX_SAFE_INTEGER) ?? 0,
  }
}

// Raw bytes alone: the one input of the model as a batch of one; one dimension may be of any size and follows from the bytes.
function fromRaw(body: Uint8Array, config: ModelConfig): InferRequest {
  const [input, second] = config.input
  if (input === undefined || second !== undefined) {
    throw invalid('raw binary request is only supported for models with one input')
  }
  const { name, dims } = input
  const datatype = datatypeOf(input.data_type)
  const open = dims.filter((size) => size === -1).length
  if (open > 1)
    throw invalid(`raw binary request is not possible: input '${name}' has more than one dimension of any size`)
  const known = dims.reduce((product, size) => (size === -1 ? product : product * size), elementBytes(datatype))
  const own = dims.map((size) => (size === -1 ? body.byteLength / known : size))
  if (!own.every(Number.isInteger)) throw invalid(`unexpected total byte size ${body.byteLength} for input '${name}'`)
  const shape = config.max_batch_size > 0 ? [1, ...own] : own
  const outputs = config.output.map((output): RequestedOutput => ({ name: output.name, classes: 0, isBinary: true }))
  return { id: '', inputs: { [name]: rawTensor(name, datatype, shape, body) }, outputs, priority: 0, timeoutUs: 0 }
}

/**
 * Reads the body of an infer call.
 * @param headerLength the header `Inference-Header-Content-Length` where it was sent
 * @throws TritonError INVALID_ARG
 */
export function decodeInfer(body: Uint8Array, headerLength: string | undefined, config: ModelConfig): InferRequest {
  if (headerLength === undefined) return fromJson(body, body.byteLength, config)
  if (!/^\d{1,10}$/.test(headerLength) || Number(headerLength) > body.byteLength) {
    throw invalid('Inference-Header-Content-Length must be the number of bytes of JSON at the start of the body')
  }
  return Number(headerLength) === 0 ? fromRaw(body, config) : fromJson(body, Number(headerLength), config)
}
