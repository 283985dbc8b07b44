// Writes the answer of an infer call for HTTP: JSON, and after it the tensors that were asked for as raw bytes (pure).
import { bytesOf } from '../../../kernel/tensors.ts'
import type { AnsweredOutput, InferAnswer, RequestedOutput } from './infer.ts'
import { jsonOfTensor } from './json-tensors.ts'

/** A body with the length of its JSON when raw bytes follow. */
export interface EncodedAnswer {
  readonly parts: readonly Uint8Array[]
  readonly headerLength: number | undefined
}

// BYTES as binary data: each text after its length in 4 bytes.
function binaryTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.byteLength)
      return [length, bytes]
    }),
  )
}

/** The raw bytes of an output. */
export function rawOf(output: AnsweredOutput): Uint8Array {
  return 'tensor' in output ? bytesOf(output.tensor) : binaryTexts(output.texts)
}

/** Type and shape of an output as the protocols write them. */
export function describe(output: AnsweredOutput): { readonly datatype: string; readonly shape: readonly number[] } {
  return 'tensor' in output ? output.tensor : { datatype: 'BYTES', shape: output.shape }
}

function jsonOf(output: AnsweredOutput): string {
  return 'tensor' in output ? jsonOfTensor(output.name, output.tensor) : JSON.stringify(output.texts)
}

/** Writes an answer. @throws TritonError when JSON cannot carry a value */
export function encodeAnswer(answer: InferAnswer, requested: readonly RequestedOutput[] | undefined): EncodedAnswer {
  const binary = new Set((requested ?? []).filter(({ isBinary }) => isBinary).map(({ name }) => name))
  const raw: Uint8Array[] = []
  const outputs = answer.outputs.map((output) => {
    const { datatype, shape } = describe(output)
    const head = `"name":${JSON.stringify(output.name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`
    if (!binary.has(output.name)) return `{${head},"data":${jsonOf(output)}}`
    const bytes = rawOf(output)
    raw.push(bytes)
    return `{${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`
  })
  const id = answer.id === '' ? '' : `"id":${JSON.stringify(answer.id)},`
  const model = `"model_name":${JSON.stringify(answer.model)},"model_version":"${answer.version}"`
  const json = Buffer.from(`{${id}${model},"outputs":[${outputs.join(',')}]}`)
  return { parts: [json, ...raw], headerLength: raw.length === 0 ? undefined : json.byteLength }
}
