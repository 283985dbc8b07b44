// Small ONNX graphs for tests and benches, written as protobuf (onnx/onnx.proto: field numbers of ModelProto and below).
import { type MessageWriter, messageWriter } from '@xinglin/core/protobuf'
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

// TensorProto.DataType of what the samples use.
const elementTypes: Readonly<Partial<Record<Datatype, number>>> = {
  FP32: 1,
  UINT8: 2,
  INT32: 6,
  INT64: 7,
  BOOL: 9,
  FP64: 11,
}

function typeOf(datatype: Datatype): number {
  const type = elementTypes[datatype]
  if (type === undefined) throw new RangeError(`No sample graph has tensors of ${datatype}`)
  return type
}

function writeValue(writer: MessageWriter, { name, datatype = 'FP32', shape }: GraphValue): void {
  writer.text(1, name)
  writer.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, typeOf(datatype))
      tensor.message(2, (dimensions) => {
        for (const size of shape) {
          dimensions.message(1, (one) => (typeof size === 'number' ? one.integer(1, size) : one.text(2, size)))
        }
      })
    }),
  )
}

function writeAttribute(writer: MessageWriter, name: string, value: number | readonly number[]): void {
  writer.text(1, name)
  if (typeof value === 'number') writer.integer(3, value)
  else writer.integers(8, value)
  writer.integer(20, typeof value === 'number' ? 2 : 7)
}

function writeNode(writer: MessageWriter, { op, inputs, outputs, attributes = {} }: GraphNode): void {
  for (const name of inputs) writer.text(1, name)
  for (const name of outputs) writer.text(2, name)
  writer.text(4, op)
  for (const [name, value] of Object.entries(attributes)) {
    writer.message(5, (attribute) => writeAttribute(attribute, name, value))
  }
}

function writeConstant(writer: MessageWriter, { name, shape, data }: GraphConstant): void {
  writer.integers(1, shape)
  writer.integer(2, typeOf(data instanceof Float32Array ? 'FP32' : 'INT64'))
  writer.text(8, name)
  writer.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

/** The bytes of `model.onnx` for a graph (IR 8, opset 17). */
export function onnxGraph({ inputs, outputs, nodes, constants = [] }: Graph): Uint8Array {
  const model = messageWriter()
  model.integer(1, 8)
  model.text(2, 'xinglin')
  model.message(7, (graph) => {
    for (const node of nodes) graph.message(1, (writer) => writeNode(writer, node))
    graph.text(2, 'xinglin-test')
    for (const constant of constants) graph.message(5, (writer) => writeConstant(writer, constant))
    for (const value of inputs) graph.message(11, (writer) => writeValue(writer, value))
    for (const value of outputs) graph.message(12, (writer) => writeValue(writer, value))
  })
  model.message(8, (opset) => opset.integer(2, 17))
  return model.finish()
}
