// The initialisers of an ONNX model, read from its bytes: weights that an inference graph carries under their names.

import { type Field, readFields } from '../../protobuf/index.ts'
import { onnxDatatype } from '../graph/onnx.ts'
import { fromTensors, type ParameterSpec } from '../parameters.ts'
import type { Datatype, NamedTensors, Tensor } from '../tensor.ts'
import { arrayOf, checkedCount, itemSize } from './numbers.ts'

const maxTensors = 65_536

function bytesFields(message: Uint8Array, number: number): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  for (const field of readFields(message))
    if (field.number === number && field.kind === 'bytes') found.push(field.bytes)
  return found
}

// Repeated int64, packed or not.
function readSizes(field: Field): readonly number[] {
  if (field.kind === 'varint') return [Number(BigInt.asIntN(64, field.value))]
  if (field.kind === 'fixed') return []
  const sizes: number[] = []
  let value = 0n
  let shift = 0n
  for (const byte of field.bytes) {
    value |= BigInt(byte & 127) << shift
    shift += 7n
    if (shift > 70n) throw new RangeError('onnx: a size is longer than ten bytes')
    if (byte > 127) continue
    sizes.push(Number(BigInt.asIntN(64, value)))
    value = 0n
    shift = 0n
  }
  return sizes
}

function readTensor(message: Uint8Array): { readonly name: string; readonly tensor: Tensor } {
  const shape: number[] = []
  let name = ''
  let type = 0
  let content: Uint8Array = new Uint8Array()
  for (const field of readFields(message)) {
    if (field.number === 1) shape.push(...readSizes(field))
    else if (field.number === 2 && field.kind === 'varint') type = Number(field.value)
    else if (field.number === 8 && field.kind === 'bytes') name = new TextDecoder().decode(field.bytes)
    else if ((field.number === 9 || field.number === 4) && field.kind === 'bytes') content = field.bytes // raw or packed floats
    if (shape.length > 32) throw new RangeError('onnx: a tensor has more than 32 axes')
  }
  const datatype = (Object.keys(onnxDatatype) as Datatype[]).find((one) => onnxDatatype[one] === type)
  if (!datatype) throw new RangeError(`onnx: ${name} has the type ${type}, which is not read`)
  if (shape.some((size) => size < 0)) throw new RangeError(`onnx: ${name} has a negative size`)
  const count = checkedCount(shape, 'onnx')
  if (content.length !== count * itemSize(datatype)) throw new RangeError(`onnx: ${name} does not fill its shape`)
  return { name, tensor: { datatype, shape, data: arrayOf(datatype, content) } }
}

/** Reads the initialisers of a model by name; throws a RangeError where the bytes are no ONNX model or a tensor is cut off. */
export function readOnnxWeights(model: Uint8Array): NamedTensors {
  const messages = bytesFields(model, 7).flatMap((graph) => bytesFields(graph, 5))
  if (messages.length > maxTensors) throw new RangeError(`onnx: more than ${maxTensors} tensors`)
  return Object.fromEntries(messages.map(readTensor).map(({ name, tensor }) => [name, tensor]))
}

/** The flat vector of a model from an inference graph of its own, e.g. to train on; throws a RangeError when one is missing. */
export function weightsFromOnnx(parameters: readonly ParameterSpec[], model: Uint8Array): Float32Array {
  const tensors = readOnnxWeights(model)
  const own = parameters.flatMap(({ name }) => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined
    return tensor ? [[name, tensor] as const] : []
  })
  return fromTensors(parameters, Object.fromEntries(own))
}
