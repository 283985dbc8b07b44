// KServe v2 with the binary tensor extension: a JSON header, then raw little-endian tensors in the order of the header (pure).
import { AppError } from '@xinglin/core/errors'
import type { Datatype, NamedTensors, Tensor } from '../../kernel/ports.ts'
import { bytesOf, isDatatype, tensorOf } from '../../kernel/tensors.ts'

/** Header that tells how many bytes of the body are JSON. */
export const headerLengthName = 'inference-header-content-length'

/** A request's body with the length of its JSON part. */
export interface EncodedRequest {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headerLength: number
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    body.set(part, at)
    at += part.byteLength
  }
  return body
}

interface ListedOutput {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
  readonly data?: readonly unknown[]
  readonly parameters?: { readonly binary_data_size?: number }
}

/** Writes an inference request; all outputs are asked for as binary. */
export function encodeRequest(inputs: NamedTensors, outputs: readonly string[] | undefined): EncodedRequest {
  const tensors = Object.entries(inputs).map(([name, tensor]) => ({ name, tensor, bytes: bytesOf(tensor) }))
  const header = {
    inputs: tensors.map(({ name, tensor, bytes }) => ({
      name,
      datatype: tensor.datatype,
      shape: tensor.shape,
      parameters: { binary_data_size: bytes.byteLength },
    })),
    ...(outputs === undefined
      ? { parameters: { binary_data_output: true } }
      : { outputs: outputs.map((name) => ({ name, parameters: { binary_data: true } })) }),
  }
  const json = JSON.stringify(header)
  // Spaces after the JSON let the tensors begin on a multiple of 8, where the server can use them without a copy.
  const head = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)))
  return { headerLength: head.byteLength, body: joined([head, ...tensors.map(({ bytes }) => bytes)]) }
}

function invalid(reason: string, cause?: unknown): AppError {
  return new AppError('bad-gateway', `The inference server answered with ${reason}`, { cause })
}

function headerOf(bytes: Uint8Array): readonly ListedOutput[] {
  try {
    const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
      readonly outputs?: readonly ListedOutput[]
    }
    if (Array.isArray(parsed.outputs)) return parsed.outputs
  } catch (cause) {
    throw invalid('a header that is not JSON', cause)
  }
  throw invalid('no outputs')
}

// Servers without the extension answer in JSON: numbers, possibly nested.
function fromJson(datatype: Datatype, shape: readonly number[], data: readonly unknown[]): Tensor {
  const flat = data.flat(Number.POSITIVE_INFINITY) as readonly (number | boolean)[]
  const isWide = datatype === 'INT64' || datatype === 'UINT64'
  const empty = tensorOf(datatype, [0], new Uint8Array(0)).data
  const values = isWide ? flat.map((value) => BigInt(value)) : flat.map(Number)
  const { from } = empty.constructor as unknown as { from(items: readonly unknown[]): Tensor['data'] }
  return { datatype, shape, data: from.call(empty.constructor, values) }
}

/** Reads an answer. @throws AppError 'bad-gateway' when it is not what KServe v2 says */
export function decodeAnswer(body: Uint8Array, headerLength: number | undefined): NamedTensors {
  const end = headerLength ?? body.byteLength
  if (!Number.isInteger(end) || end < 0 || end > body.byteLength) throw invalid('a header longer than its body')
  const tensors: Record<string, Tensor> = {}
  let at = end
  for (const { name, datatype, shape, data, parameters } of headerOf(body.subarray(0, end))) {
    if (!isDatatype(datatype)) throw invalid(`the datatype ${JSON.stringify(datatype)}`)
    const size = parameters?.binary_data_size
    if (size === undefined && data === undefined) throw invalid(`no data for ${name}`)
    try {
      tensors[name] =
        size === undefined
          ? fromJson(datatype, shape, data ?? [])
          : tensorOf(datatype, shape, body.subarray(at, at + size))
    } catch (cause) {
      throw invalid(`data of ${name} that does not fit its shape`, cause)
    }
    at += size ?? 0
  }
  return tensors
}
