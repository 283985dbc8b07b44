// The child process: holds one ONNX graph and runs it; a native abort here ends this process and none of the parent's.
import { Socket } from 'node:net'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { createFrameReader, type Frame, writeFrame } from '../../kernel/frames.ts'
import { freeBytes } from '../../kernel/free-bytes.ts'
import type { Datatype, NamedTensors, Tensor } from '../../kernel/ports.ts'
import { bytesOf } from '../../kernel/tensors.ts'

type OrtType = OrtTensor['type']

const ortTypes: Readonly<Record<Datatype, OrtType>> = {
  FP32: 'float32',
  FP64: 'float64',
  FP16: 'float16',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  BOOL: 'bool',
}
const datatypeOf = new Map(Object.entries(ortTypes).map(([datatype, type]) => [type, datatype as Datatype]))

const readBytes = 262_144
const read = createFrameReader((frame) => void answer(frame)) // it catches everything itself
// One buffer takes all that is read: a fresh one for each piece would have to be collected.
const pipe = new Socket({
  fd: 3,
  readable: true,
  writable: true,
  onread: {
    buffer: Buffer.allocUnsafeSlow(readBytes),
    callback(sizeBytes, buffer) {
      read(buffer.subarray(0, sizeBytes))
      return true
    },
  },
})
const state: { session?: InferenceSession } = {}

function toOrt({ datatype, shape, data }: Tensor): OrtTensor {
  return new OrtTensor(ortTypes[datatype], data as never, [...shape]) // the array's class was chosen by the datatype
}

function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const datatype = datatypeOf.get(tensor.type)
  if (datatype === undefined) throw new Error(`the output ${name} is of type ${tensor.type}, which is not supported`)
  // Newer runtimes give FP16 as Float16Array; the house keeps its bits.
  const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array
  const data = datatype === 'FP16' ? new Uint16Array(buffer, byteOffset, byteLength / 2) : tensor.data
  return { datatype, shape: tensor.dims, data: data as Tensor['data'] }
}

async function open({ header, blob }: Frame): Promise<void> {
  const session = await InferenceSession.create(blob, {
    executionProviders: ['cpu'],
    intraOpNumThreads: Number(header['threads']),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  })
  state.session = session
  const inputTypes = Object.fromEntries(
    session.inputMetadata.map((input) => [input.name, input.isTensor ? datatypeOf.get(input.type) : undefined]),
  )
  const { inputNames, outputNames } = session
  writeFrame(pipe, { kind: 'opened', inputNames, outputNames, inputTypes })
}

async function run({ header, tensors }: Frame): Promise<void> {
  const { session } = state
  if (session === undefined) throw new Error('no graph is open')
  const feeds = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]))
  const wanted = header['outputs'] as readonly string[] | undefined
  const started = process.hrtime.bigint()
  const fetched = await (wanted === undefined ? session.run(feeds) : session.run(feeds, [...wanted]))
  const ns = Number(process.hrtime.bigint() - started)
  const results: NamedTensors = Object.fromEntries(
    Object.entries(fetched).map(([name, tensor]) => [name, fromOrt(name, tensor as OrtTensor)]),
  )
  writeFrame(pipe, { kind: 'result', id: header['id'], ns }, { tensors: results }, () => {
    for (const tensor of [...Object.values(tensors), ...Object.values(results)]) freeBytes(bytesOf(tensor))
  })
}

async function answer(frame: Frame): Promise<void> {
  const { kind, id } = frame.header
  try {
    if (kind === 'open') await open(frame)
    else if (kind === 'run') await run(frame)
    else writeFrame(pipe, { kind: 'pong', id })
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown failure'
    writeFrame(pipe, { kind: 'refused', id, message: message.slice(0, 600) })
  }
}

pipe.on('close', () => process.exit(0)) // the parent is gone
pipe.on('error', () => process.exit(0))
