// Writes a graph as an ONNX ModelProto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: field numbers and enums).

import { type MessageWriter, messageWriter } from '../../protobuf/index.ts'
import type { Datatype, Tensor } from '../tensor.ts'
import type { Attribute, GraphDefinition, GraphNode, Value } from './builder.ts'

/** TensorProto.DataType of each element type. */
export const onnxDatatype: Readonly<Record<Datatype, number>> = {
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

const irVersion = 8
const opsetVersion = 18

function writeTensor(writer: MessageWriter, name: string, { datatype, shape, data }: Tensor): void {
  writer.integers(1, shape)
  writer.integer(2, onnxDatatype[datatype])
  writer.text(8, name)
  writer.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

function writeValue(writer: MessageWriter, { name, shape, datatype }: Value, firstAxis: string | undefined): void {
  writer.text(1, name)
  writer.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, onnxDatatype[datatype])
      tensor.message(2, (dimensions) => {
        for (const [axis, size] of shape.entries()) {
          dimensions.message(1, (dimension) =>
            axis === 0 && firstAxis !== undefined ? dimension.text(2, firstAxis) : dimension.integer(1, size),
          )
        }
      })
    }),
  )
}

function writeAttribute(writer: MessageWriter, name: string, attribute: Attribute): void {
  writer.text(1, name)
  if (typeof attribute === 'number') {
    writer.integer(3, attribute)
    writer.integer(20, 2)
  } else if (typeof attribute === 'string') {
    writer.text(4, attribute)
    writer.integer(20, 3)
  } else if ('float' in attribute) {
    writer.float(2, attribute.float)
    writer.integer(20, 1)
  } else if ('graph' in attribute) {
    writer.message(6, (inner) => writeGraph(inner, attribute.graph))
    writer.integer(20, 5)
  } else {
    for (const value of attribute) writer.integer(8, value)
    writer.integer(20, 7)
  }
}

function writeNode(writer: MessageWriter, node: GraphNode): void {
  for (const input of node.inputs) writer.text(1, input)
  for (const output of node.outputs) writer.text(2, output)
  writer.text(4, node.op)
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (inner) => writeAttribute(inner, name, attribute))
  }
  if (node.domain !== '') writer.text(7, node.domain)
}

function writeGraph(writer: MessageWriter, graph: GraphDefinition, firstAxis?: string): void {
  for (const node of graph.nodes) writer.message(1, (inner) => writeNode(inner, node))
  writer.text(2, graph.name)
  for (const { name, tensor } of graph.initialisers) writer.message(5, (inner) => writeTensor(inner, name, tensor))
  for (const input of graph.inputs) writer.message(11, (inner) => writeValue(inner, input, firstAxis))
  for (const output of graph.outputs) writer.message(12, (inner) => writeValue(inner, output, firstAxis))
}

/**
 * Encodes a graph as an ONNX model (IR 8, opset 18, `com.microsoft` 1).
 * @param firstAxis name of the first axis of all inputs and outputs when its size is free, e.g. `batch`
 */
export function encodeModel(graph: GraphDefinition, firstAxis?: string): Uint8Array {
  const writer = messageWriter()
  writer.integer(1, irVersion)
  writer.text(2, 'xinglin')
  writer.message(7, (inner) => writeGraph(inner, graph, firstAxis))
  for (const [domain, version] of [
    ['', opsetVersion],
    ['com.microsoft', 1],
  ] as const) {
    writer.message(8, (opset) => {
      opset.text(1, domain)
      opset.integer(2, version)
    })
  }
  return writer.finish()
}
