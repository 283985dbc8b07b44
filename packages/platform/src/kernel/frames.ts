// What goes through the pipe to a child: a prefix of 16 bytes, a header of JSON, a body of tensors, each on a multiple of 8.
import type { Writable } from 'node:stream'
import type { Datatype, NamedTensors, Tensor } from './ports.ts'
import { bytesOf, isDatatype, tensorOf } from './tensors.ts'

/** A header; `tensors` and `blobBytes` say what the body holds. */
export type Header = Readonly<Record<string, unknown>> & { readonly kind: string }

/** A frame as read. */
export interface Frame {
  readonly header: Header
  readonly tensors: NamedTensors
  /** Bytes that are no tensor (the graph); empty when there are none. */
  readonly blob: Uint8Array
}

/** What is sent besides the header. */
export interface Body {
  readonly tensors?: NamedTensors
  readonly blob?: Uint8Array
}

const prefixBytes = 16
const alignment = 8
const padding = new Uint8Array(alignment)
const maxHeaderBytes = 1_048_576

const padOf = (bytes: number): number => (alignment - (bytes % alignment)) % alignment

interface Listed {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly bytes: number
}

/** Writes one frame; the tensors must not change until they are written, which `onWritten` tells. */
export function writeFrame(
  pipe: Writable,
  header: Header,
  { tensors = {}, blob }: Body = {},
  onWritten?: () => void,
): void {
  const parts: Uint8Array[] = []
  const push = (bytes: Uint8Array): void => {
    parts.push(bytes)
    if (padOf(bytes.byteLength) > 0) parts.push(padding.subarray(0, padOf(bytes.byteLength)))
  }
  const listed = Object.entries(tensors).map(([name, tensor]): Listed => {
    const bytes = bytesOf(tensor)
    push(bytes)
    return { name, datatype: tensor.datatype, shape: tensor.shape, bytes: bytes.byteLength }
  })
  if (blob !== undefined) push(blob)
  const json = JSON.stringify({ ...header, tensors: listed, blobBytes: blob?.byteLength ?? 0 })
  const head = Buffer.allocUnsafe(prefixBytes + Buffer.byteLength(json))
  head.writeUInt32LE(head.byteLength - prefixBytes, 0)
  head.writeUInt32LE(0, 4)
  head.writeDoubleLE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    8,
  )
  head.write(json, prefixBytes)
  pipe.cork()
  const all = [head, ...parts]
  for (const [at, part] of all.entries()) pipe.write(part, at === all.length - 1 ? onWritten : undefined)
  pipe.uncork()
}

function tensorsOf(listed: readonly Listed[], body: Uint8Array): { tensors: Record<string, Tensor>; end: number } {
  const tensors: Record<string, Tensor> = {}
  let at = 0
  for (const { name, datatype, shape, bytes } of listed) {
    if (!isDatatype(datatype)) throw new Error('A frame names a datatype that does not exist')
    tensors[name] = tensorOf(datatype, shape, body.subarray(at, at + bytes))
    at += bytes + padOf(bytes)
  }
  return { tensors, end: at }
}

function frameOf(head: Buffer, body: Uint8Array): Frame {
  const header = JSON.parse(head.toString()) as Header & { tensors: readonly Listed[]; blobBytes: number }
  const { tensors, end } = tensorsOf(header.tensors, body)
  return { header, tensors, blob: body.subarray(end, end + header.blobBytes) }
}

/** Takes chunks of bytes as they come and gives whole frames; a body has memory of its own, so that views on it may live on. */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  const prefix = Buffer.alloc(prefixBytes)
  // What is being filled: prefix, then header, then body.
  const state = { stage: 0, filled: 0, target: prefix as Buffer, head: prefix as Buffer }
  const turn = (stage: number, target: Buffer): void => {
    state.stage = stage
    state.target = target
    state.filled = 0
  }
  const advance = (): void => {
    if (state.stage === 0) {
      const size = prefix.readUInt32LE(0)
      if (size > maxHeaderBytes) throw new Error('The header of a frame is too long')
      turn(1, Buffer.alloc(size))
    } else if (state.stage === 1) {
      state.head = state.target
      turn(2, Buffer.allocUnsafeSlow(prefix.readDoubleLE(8)))
    } else {
      const { head, target } = state
      turn(0, prefix)
      onFrame(frameOf(head, target))
    }
  }
  return (chunk) => {
    for (let at = 0; at < chunk.byteLength; ) {
      const take = Math.min(state.target.byteLength - state.filled, chunk.byteLength - at)
      state.target.set(chunk.subarray(at, at + take), state.filled)
      state.filled += take
      at += take
      while (state.filled === state.target.byteLength) advance()
    }
  }
}
