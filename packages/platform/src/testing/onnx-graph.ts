// Small ONNX graphs for tests and benches, written as protobuf by hand (onnx/onnx.proto: field numbers of ModelProto and below).
import type { Datatype } from '../kernel/ports.ts'

/** A value that enters or leaves a graph; a text in a shape is a free dimension. */
export interface GraphValue {
  readonly name: string
  readonly datatype?: Datatype
  readonly shape: readonly (number | string)[]
}

/** A constant of a graph: weights, or the target of a Reshape. */
export interface GraphConstant {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

/** One operator. */
export interface GraphNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** A whole number or a list of them. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>
}

/** A graph. */
export interface Graph {
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
  readonly nodes: readonly GraphNode[]
  readonly constants?: readonly GraphConstant[]
}

// TensorProto.DataType
const elementTypes: Readonly<Record<Datatype, number>> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

const whole = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)])
const bytes = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(value.byteLength), value])
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value))
const message = (field: number, ...parts: readonly Buffer[]): Buffer => bytes(field, Buffer.concat(parts))

function valueInfo(field: number, { name, datatype = 'FP32', shape }: GraphValue): Buffer {
  const dims = shape.map((size) => message(1, typeof size === 'number' ? whole(1, size) : text(2, size)))
  const tensorType = message(1, whole(1, elementTypes[datatype]), message(2, ...dims))
  return message(field, text(1, name), message(2, tensorType))
}

function attribute([name, value]: [string, number | readonly number[]]): Buffer {
  const content =
    typeof value === 'number' ? [whole(3, value), whole(20, 2)] : [...value.map((one) => whole(8, one)), whole(20, 7)]
  return message(5, text(1, name), ...content)
}

function node({ op, inputs, outputs, attributes = {} }: GraphNode): Buffer {
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(attribute),
  )
}

function initializer({ name, shape, data }: GraphConstant): Buffer {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const type = data instanceof Float32Array ? elementTypes.FP32 : elementTypes.INT64
  return message(5, ...shape.map((size) => whole(1, size)), whole(2, type), text(8, name), bytes(9, raw))
}

/** The bytes of `model.onnx` for a graph (IR 8, opset 17). */
export function onnxGraph({ inputs, outputs, nodes, constants = [] }: Graph): Uint8Array {
  const graph = message(
    7,
    ...nodes.map(node),
    text(2, 'xinglin-test'),
    ...constants.map(initializer),
    ...inputs.map((value) => valueInfo(11, value)),
    ...outputs.map((value) => valueInfo(12, value)),
  )
  return Buffer.concat([whole(1, 8), text(2, 'xinglin'), graph, message(8, whole(2, 17))])
}
