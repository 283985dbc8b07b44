// Messages of the gRPC face as values: requests into the room's own form, answers back (pure).
import type { Datatype, NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { elementCount } from '../../../kernel/tensors.ts'
import { datatypeIn, rawTensor, shapeOf } from '../protocol/decode-infer.ts'
import { describe, rawOf } from '../protocol/encode-infer.ts'
import type { InferAnswer, InferRequest, RequestedOutput } from '../protocol/infer.ts'
import { tensorOfJson } from '../protocol/json-tensors.ts'
import { invalid } from '../protocol/triton-error.ts'

/** A parameter: one of several kinds, named by `parameter_choice`. */
export interface InferParameter {
  readonly parameter_choice?: string
  readonly [choice: string]: unknown
}

/** Parameters by name. */
export type Parameters = Readonly<Record<string, InferParameter>>

interface InputTensor {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly parameters: Parameters
  readonly contents: Readonly<Record<string, readonly unknown[]>> | null
}

/** ModelInferRequest as the wire gives it. */
export interface InferMessage {
  readonly model_name: string
  readonly model_version: string
  readonly id: string
  readonly parameters: Parameters
  readonly inputs: readonly InputTensor[]
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[]
  readonly raw_input_contents: readonly Uint8Array[]
}

const contentsOf: Readonly<Record<Datatype, string | undefined>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  FP16: undefined,
}
const maxTensors = 64
const maxClasses = 10_000

/** The value of a parameter. */
export function parameterValue(parameter: InferParameter | undefined): unknown {
  return parameter?.parameter_choice === undefined ? undefined : parameter[parameter.parameter_choice]
}

function wholeOf(parameters: Parameters, name: string): number {
  const value = parameterValue(parameters[name])
  if (value === undefined) return 0
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(`the parameter '${name}' must be a whole number of 0 or more`)
}

function tensorIn(input: InputTensor, raw: Uint8Array | undefined): Tensor {
  const { name, contents } = input
  if (Object.hasOwn(input.parameters, 'shared_memory_region'))
    throw invalid('shared memory is not supported by this server')
  const datatype = datatypeIn(input.datatype, name)
  const shape = shapeOf(input.shape, name)
  if (raw !== undefined) return rawTensor(name, datatype, shape, raw)
  const field = contentsOf[datatype]
  if (field === undefined) throw invalid(`input '${name}' is FP16, which must travel in raw_input_contents`)
  const values = contents?.[field] ?? []
  if (values.length !== elementCount(shape)) {
    throw invalid(
      `unexpected number of elements ${values.length} in ${field} of input '${name}', expecting ${elementCount(shape)}`,
    )
  }
  return tensorOfJson(name, datatype, shape, values)
}

function tensorsIn({ inputs, raw_input_contents: raw }: InferMessage): NamedTensors {
  if (inputs.length > maxTensors) throw invalid(`more than ${maxTensors} inputs`)
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw invalid(`expected ${inputs.length} entries of raw_input_contents, not ${raw.length}`)
  }
  const named = inputs.map((input, at): [string, Tensor] => [input.name, tensorIn(input, raw[at])])
  if (new Set(named.map(([name]) => name)).size < named.length) throw invalid('two inputs have the same name')
  return Object.fromEntries(named)
}

/** Reads a request. @throws TritonError INVALID_ARG */
export function requestOf(message: InferMessage): InferRequest {
  const { parameters } = message
  const sequence = parameterValue(parameters['sequence_id'])
  if (sequence !== undefined && sequence !== 0 && sequence !== '')
    throw invalid('sequences are not supported by this server')
  const outputs = message.outputs.map((output): RequestedOutput => {
    const classes = wholeOf(output.parameters, 'classification')
    if (classes > maxClasses) throw invalid(`classification must be at most ${maxClasses}`)
    return { name: output.name, classes, isBinary: true }
  })
  return {
    id: message.id.slice(0, 256),
    inputs: tensorsIn(message),
    outputs: outputs.length === 0 ? undefined : outputs,
    priority: wholeOf(parameters, 'priority'),
    timeoutUs: wholeOf(parameters, 'timeout'),
  }
}

/** Writes an answer; tensors travel raw, as Triton sends them. */
export function responseOf(answer: InferAnswer): Readonly<Record<string, unknown>> {
  return {
    model_name: answer.model,
    model_version: answer.version,
    id: answer.id,
    outputs: answer.outputs.map((output) => ({ name: output.name, ...wire(describe(output)) })),
    raw_output_contents: answer.outputs.map(rawOf),
  }
}

const wire = ({ datatype, shape }: { readonly datatype: string; readonly shape: readonly number[] }) => ({
  datatype,
  shape,
})
