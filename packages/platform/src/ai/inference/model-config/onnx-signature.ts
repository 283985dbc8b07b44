// Reads inputs and outputs out of an ONNX file without running it (field numbers: onnx/onnx.proto, ModelProto and below; pure).
import type { Datatype } from '../../../kernel/ports.ts'
import { invalid } from '../protocol/triton-error.ts'

/** One input or output of a graph; -1 is a dimension of any size. */
export interface GraphTensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
}

/** What a graph takes and gives. */
export interface GraphSignature {
  readonly inputs: readonly GraphTensor[]
  readonly outputs: readonly GraphTensor[]
}

type FieldReader = (field: number, value: Uint8Array | number) => void

// TensorProto.DataType
const elementTypes: ReadonlyMap<number, Datatype> = new Map([
  [1, 'FP32'],
  [2, 'UINT8'],
  [3, 'INT8'],
  [4, 'UINT16'],
  [5, 'INT16'],
  [6, 'INT32'],
  [7, 'INT64'],
  [9, 'BOOL'],
  [10, 'FP16'],
  [11, 'FP64'],
  [12, 'UINT32'],
  [13, 'UINT64'],
])

const broken = (): Error => invalid('the file is not an ONNX model')

function readVarint(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let at = start, scale = 1; at < bytes.length && at < start + 10; at++, scale *= 128) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return { value, next: at + 1 }
  }
  throw broken()
}

// Walks the fields of one message; numbers of fixed width are skipped, as the signature has none.
function walk(bytes: Uint8Array, read: FieldReader): void {
  for (let at = 0; at < bytes.length; ) {
    const { value: key, next } = readVarint(bytes, at)
    const field = Math.floor(key / 8)
    const wire = key % 8
    if (wire === 0) {
      const number = readVarint(bytes, next)
      read(field, number.value)
      at = number.next
    } else if (wire === 2) {
      const size = readVarint(bytes, next)
      const end = size.next + size.value
      if (end > bytes.length) throw broken()
      read(field, bytes.subarray(size.next, end))
      at = end
    } else if (wire === 1 || wire === 5) at = next + (wire === 1 ? 8 : 4)
    else throw broken()
  }
}

/** All values of one length-delimited field. */
function children(bytes: Uint8Array, wanted: number): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  walk(bytes, (field, value) => {
    if (field === wanted && typeof value !== 'number') found.push(value)
  })
  return found
}

function numberIn(bytes: Uint8Array, wanted: number): number | undefined {
  const found: number[] = []
  walk(bytes, (field, value) => {
    if (field === wanted && typeof value === 'number') found.push(value)
  })
  return found.at(-1)
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes ?? new Uint8Array())

function tensorIn(valueInfo: Uint8Array): GraphTensor {
  const name = textOf(children(valueInfo, 1)[0])
  const tensorType = children(valueInfo, 2).flatMap((type) => children(type, 1))[0]
  if (tensorType === undefined) throw invalid(`${name} of the ONNX model is no tensor`)
  const datatype = elementTypes.get(numberIn(tensorType, 1) ?? 0)
  if (datatype === undefined) throw invalid(`the element type of ${name} in the ONNX model is not supported`)
  const dims = children(tensorType, 2).flatMap((shape) => children(shape, 1))
  return { name, datatype, shape: dims.map((dim) => numberIn(dim, 1) ?? -1) }
}

/** Reads the signature of `model.onnx`. @throws TritonError INVALID_ARG when it is no ONNX model */
export function readSignature(model: Uint8Array): GraphSignature {
  const graph = children(model, 7)[0]
  if (graph === undefined) throw broken()
  // Initializers are listed among the inputs by old exporters; they are given by nobody.
  const constants = new Set(children(graph, 5).map((tensor) => textOf(children(tensor, 8)[0])))
  const inputs = children(graph, 11).map(tensorIn)
  const outputs = children(graph, 12).map(tensorIn)
  if (outputs.length === 0) throw broken()
  return { inputs: inputs.filter(({ name }) => !constants.has(name)), outputs }
}
