// What a Flower server asks and a client answers, as values; and the way from and to the protobuf objects of the wire.
import { AppError } from '@xinglin/core/errors'

/** A value of a configuration, of properties or of metrics. */
export type Scalar = number | boolean | string | Uint8Array

/** Scalars by name. */
export type Scalars = Readonly<Record<string, Scalar>>

/** Weights on the wire: each a whole `.npy` file. */
export type Tensors = readonly Uint8Array[]

/** What the server asks of a site. */
export type Question =
  | { readonly kind: 'reconnect'; readonly seconds: number }
  | { readonly kind: 'properties'; readonly config: Scalars }
  | { readonly kind: 'parameters'; readonly config: Scalars }
  | { readonly kind: 'fit'; readonly tensors: Tensors; readonly config: Scalars }
  | { readonly kind: 'evaluate'; readonly tensors: Tensors; readonly config: Scalars }

/** What a site answers; a status other than 0 says that it cannot. */
export type Answer =
  | { readonly kind: 'disconnect'; readonly reason: number }
  | { readonly kind: 'properties'; readonly status: Status; readonly properties: Scalars }
  | { readonly kind: 'parameters'; readonly status: Status; readonly tensors: Tensors }
  | {
      readonly kind: 'fit'
      readonly status: Status
      readonly tensors: Tensors
      readonly examples: number
      readonly metrics: Scalars
    }
  | {
      readonly kind: 'evaluate'
      readonly status: Status
      readonly loss: number
      readonly examples: number
      readonly metrics: Scalars
    }

/** How a site fared: Flower's code (0 = OK) and its words. */
export interface Status {
  readonly code: number
  readonly message: string
}

/** A site did as it was asked. */
export const statusOk: Status = Object.freeze({ code: 0, message: 'Success' })

const maxEntries = 256
const tensorType = 'numpy.ndarray'

// protobufjs hands numbers of 64 bits over as text, and names the chosen member of a oneof in a property of its name.
interface WireScalar {
  readonly scalar?: string
  readonly [member: string]: unknown
}
interface WireParameters {
  readonly tensors?: readonly Uint8Array[]
  readonly tensor_type?: string
}
interface WireBody {
  readonly status?: { readonly code?: number; readonly message?: string }
  readonly parameters?: WireParameters
  readonly config?: Readonly<Record<string, WireScalar>>
  readonly properties?: Readonly<Record<string, WireScalar>>
  readonly metrics?: Readonly<Record<string, WireScalar>>
  readonly num_examples?: string | number
  readonly seconds?: string | number
  readonly reason?: number
  readonly loss?: number
}

/** A message as protobufjs reads and writes it. */
export interface WireMessage {
  readonly msg?: string
  readonly [member: string]: unknown
}

function toWireScalar(value: Scalar): WireScalar {
  switch (typeof value) {
    case 'boolean':
      return { bool: value }
    case 'string':
      return { string: value }
    case 'number':
      return Number.isSafeInteger(value) ? { sint64: value } : { double: value }
    default:
      return { bytes: value }
  }
}

function fromWireScalar(name: string, wire: WireScalar): Scalar {
  const value = wire[wire.scalar ?? '']
  if (wire.scalar === 'uint64' || wire.scalar === 'sint64') return Number(value)
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return value
  throw new AppError('unprocessable', `The value of ${JSON.stringify(name.slice(0, 100))} has no known type`)
}

const toScalars = (values: Scalars): Readonly<Record<string, WireScalar>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toWireScalar(value)]))

function fromScalars(wire: Readonly<Record<string, WireScalar>> | undefined): Scalars {
  const entries = Object.entries(wire ?? {})
  if (entries.length > maxEntries) throw new AppError('unprocessable', `More than ${maxEntries} values were sent`)
  return Object.fromEntries(entries.map(([name, value]) => [name, fromWireScalar(name, value)]))
}

const toParameters = (tensors: Tensors): WireParameters => ({ tensors, tensor_type: tensorType })

function fromParameters(wire: WireParameters | undefined): Tensors {
  const type = wire?.tensor_type ?? ''
  const tensors = wire?.tensors ?? []
  if (tensors.length > 0 && type !== tensorType) {
    throw new AppError('unprocessable', `Weights of type ${JSON.stringify(type.slice(0, 100))} are not ${tensorType}`)
  }
  return tensors
}

const statusOf = (body: WireBody): Status => ({
  code: body.status?.code ?? 0,
  message: (body.status?.message ?? '').slice(0, 500),
})

function countOf(value: string | number | undefined): number {
  const count = Number(value ?? 0)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new AppError('unprocessable', `${String(value)} is not a number of examples`)
}

/** The question as protobufjs writes it. */
export function questionToWire(question: Question): WireMessage {
  switch (question.kind) {
    case 'reconnect':
      return { reconnect_ins: { seconds: question.seconds } }
    case 'properties':
      return { get_properties_ins: { config: toScalars(question.config) } }
    case 'parameters':
      return { get_parameters_ins: { config: toScalars(question.config) } }
    case 'fit':
      return { fit_ins: { parameters: toParameters(question.tensors), config: toScalars(question.config) } }
    case 'evaluate':
      return { evaluate_ins: { parameters: toParameters(question.tensors), config: toScalars(question.config) } }
    default:
      return question satisfies never
  }
}

/** The question as read. @throws AppError 'unprocessable' for one that is none */
export function questionFromWire(wire: WireMessage): Question {
  const body = (wire[wire.msg ?? ''] ?? {}) as WireBody
  const config = fromScalars(body.config)
  switch (wire.msg) {
    case 'reconnect_ins':
      return { kind: 'reconnect', seconds: countOf(body.seconds) }
    case 'get_properties_ins':
      return { kind: 'properties', config }
    case 'get_parameters_ins':
      return { kind: 'parameters', config }
    case 'fit_ins':
      return { kind: 'fit', tensors: fromParameters(body.parameters), config }
    case 'evaluate_ins':
      return { kind: 'evaluate', tensors: fromParameters(body.parameters), config }
    default:
      throw new AppError('unprocessable', 'The server sent a message without a known content')
  }
}

/** The answer as protobufjs writes it. */
export function answerToWire(answer: Answer): WireMessage {
  switch (answer.kind) {
    case 'disconnect':
      return { disconnect_res: { reason: answer.reason } }
    case 'properties':
      return { get_properties_res: { status: answer.status, properties: toScalars(answer.properties) } }
    case 'parameters':
      return { get_parameters_res: { status: answer.status, parameters: toParameters(answer.tensors) } }
    case 'fit': {
      const { status, tensors, examples, metrics } = answer
      const parameters = toParameters(tensors)
      return { fit_res: { status, parameters, num_examples: examples, metrics: toScalars(metrics) } }
    }
    case 'evaluate': {
      const { status, loss, examples, metrics } = answer
      return { evaluate_res: { status, loss, num_examples: examples, metrics: toScalars(metrics) } }
    }
    default:
      return answer satisfies never
  }
}

/** The answer as read. @throws AppError 'unprocessable' for one that is none */
export function answerFromWire(wire: WireMessage): Answer {
  const body = (wire[wire.msg ?? ''] ?? {}) as WireBody
  const status = statusOf(body)
  switch (wire.msg) {
    case 'disconnect_res':
      return { kind: 'disconnect', reason: body.reason ?? 0 }
    case 'get_properties_res':
      return { kind: 'properties', status, properties: fromScalars(body.properties) }
    case 'get_parameters_res':
      return { kind: 'parameters', status, tensors: fromParameters(body.parameters) }
    case 'fit_res': {
      const examples = countOf(body.num_examples)
      const metrics = fromScalars(body.metrics)
      return { kind: 'fit', status, tensors: fromParameters(body.parameters), examples, metrics }
    }
    case 'evaluate_res': {
      const examples = countOf(body.num_examples)
      return { kind: 'evaluate', status, loss: body.loss ?? 0, examples, metrics: fromScalars(body.metrics) }
    }
    default:
      throw new AppError('unprocessable', 'The client sent a message without a known content')
  }
}
