// One OTLP request over HTTP: its body within limits, in either encoding, and the answer in the same encoding.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import {
  OtlpFault,
  type OtlpMetrics,
  type ResourceSpans,
  readJsonMetrics,
  readJsonTraces,
  readMetrics,
  readTraces,
} from '@xinglin/core/otlp'
import { messageWriter } from '@xinglin/core/protobuf'

/** Encodings of OTLP over HTTP. */
export type OtlpEncoding = 'protobuf' | 'json'

/** Limits of a body; what is sent compressed is measured as it comes and as it is. */
export const bodyLimits = Object.freeze({ sentBytes: 4_194_304, plainBytes: 16_777_216 })

/** Content types by encoding. */
export const contentTypes = Object.freeze({ protobuf: 'application/x-protobuf', json: 'application/json' })

const inflate = promisify(gunzip)

/** The encoding that a content type names. @throws AppError 'unsupported-media-type' */
export function encodingOf(contentType: string | undefined): OtlpEncoding {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase()
  if (type === contentTypes.protobuf) return 'protobuf'
  if (type === contentTypes.json) return 'json'
  throw new AppError('unsupported-media-type', 'Send OTLP as application/x-protobuf or application/json')
}

/** The body as it was before compression. @throws AppError when it is no gzip, too large, or compressed otherwise */
export async function plainBody(sent: Buffer, contentEncoding: string | undefined): Promise<Buffer> {
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return sent
  if (encoding !== 'gzip') throw new AppError('unsupported-media-type', 'OTLP bodies are taken plain or with gzip')
  try {
    return await inflate(sent, { maxOutputLength: bodyLimits.plainBytes })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new AppError('too-large', `The body is larger than ${bodyLimits.plainBytes} bytes when it is unpacked`)
    }
    throw new AppError('malformed-body', 'The body is not gzip', { cause: error })
  }
}

function refused<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof OtlpFault) throw new AppError('malformed-body', error.message, { cause: error })
    if (error instanceof SyntaxError) throw new AppError('malformed-body', 'The body is not JSON', { cause: error })
    throw error
  }
}

/** Spans of a body. @throws AppError 'malformed-body' */
export function tracesOf(body: Buffer, encoding: OtlpEncoding): readonly ResourceSpans[] {
  return refused(() => (encoding === 'json' ? readJsonTraces(JSON.parse(body.toString('utf8'))) : readTraces(body)))
}

/** Metrics of a body. @throws AppError 'malformed-body' */
export function metricsOf(body: Buffer, encoding: OtlpEncoding): readonly OtlpMetrics[] {
  return refused(() => (encoding === 'json' ? readJsonMetrics(JSON.parse(body.toString('utf8'))) : readMetrics(body)))
}

/** The answer: everything was taken, or so many items were not, and why. */
export function answerOf(
  encoding: OtlpEncoding,
  refusedItems: number,
  word: 'Spans' | 'DataPoints',
  why: string,
): Buffer {
  if (encoding === 'json') {
    const partial = { partialSuccess: { [`rejected${word}`]: String(refusedItems), errorMessage: why } }
    return Buffer.from(JSON.stringify(refusedItems === 0 ? {} : partial))
  }
  const writer = messageWriter()
  if (refusedItems > 0) {
    writer.message(1, (partial) => {
      partial.integer(1, refusedItems)
      partial.text(2, why)
    })
  }
  return Buffer.from(writer.finish())
}

/** An error as OTLP wants it: google.rpc.Status in the encoding of the request. */
export function statusOf(encoding: OtlpEncoding, message: string): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ message }))
  const writer = messageWriter()
  writer.text(2, message)
  return Buffer.from(writer.finish())
}
