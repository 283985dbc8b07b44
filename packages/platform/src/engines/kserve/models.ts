// The kernel's port Models: a client of KServe v2 over HTTP, for our own inference service and for Triton alike.
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import type { ModelMetadata, Models } from '../../kernel/ports.ts'
import { decodeAnswer, encodeRequest, headerLengthName } from './binary-tensors.ts'

/** Sends a request to the server; shaped like fetch with a path. */
export type SendRequest = (path: string, init: RequestInit) => Promise<Response>

/** What the client takes. */
export interface KserveModelsOptions {
  readonly send: SendRequest
  /** Longest wait for an answer; default 120 s. */
  readonly timeoutMs?: number
}

const defaultTimeoutMs = 120_000
const maxErrorCharacters = 500

// What the server's status says to our caller; anything else is the server's own fault.
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [400, 'unprocessable'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [413, 'too-large'],
  [422, 'unprocessable'],
  [429, 'unavailable'],
  [503, 'unavailable'],
  [504, 'timeout'],
])

function pathOf(model: string, version: string | undefined): string {
  const name = encodeURIComponent(model)
  return `/v2/models/${name}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`
}

async function refusalOf(answer: Response, model: string): Promise<AppError> {
  const text = await answer.text().catch(() => '')
  const told = /^\s*\{/.test(text) ? errorIn(text) : undefined
  const code = codes.get(answer.status) ?? 'bad-gateway'
  const why = told ?? `status ${answer.status}`
  // Triton tells of an unknown model by 400 as of a wrong tensor.
  const isUnknown = answer.status === 400 && /unknown model|is not found/i.test(why)
  return new AppError(isUnknown ? 'not-found' : code, `The model ${model}: ${why.slice(0, maxErrorCharacters)}`)
}

function errorIn(text: string): string | undefined {
  try {
    const { error, detail } = JSON.parse(text) as { readonly error?: unknown; readonly detail?: unknown }
    const told = error ?? detail
    return typeof told === 'string' ? told : undefined
  } catch {
    return undefined
  }
}

// A kept connection may have been closed by the server just now; inference changes nothing, so it may be asked again.
async function sendTwice({ send }: KserveModelsOptions, path: string, init: RequestInit): Promise<Response> {
  try {
    return await send(path, init)
  } catch (error) {
    if (error instanceof AppError || init.signal?.aborted === true) throw error
    return send(path, init)
  }
}

async function ask(options: KserveModelsOptions, model: string, path: string, init: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
  try {
    const answer = await sendTwice(options, path, { ...init, signal })
    if (answer.ok) return answer
    throw await refusalOf(answer, model)
  } catch (error) {
    if (error instanceof AppError) throw error
    if (signal.aborted) throw new AppError('timeout', `The model ${model} did not answer in time`, { cause: error })
    throw new AppError('unavailable', 'The inference server cannot be reached now', {
      cause: error,
      retryAfterSeconds: 1,
    })
  }
}

/** Creates the client. Its calls throw AppError 'not-found', 'unprocessable', 'unavailable', 'timeout' or 'bad-gateway'. */
export function createKserveModels(options: KserveModelsOptions): Models {
  return {
    async metadata(model, version) {
      const answer = await ask(options, model, pathOf(model, version), {})
      return (await answer.json()) as ModelMetadata // the shape that KServe v2 prescribes
    },
    async infer(model, inputs, { version, outputs, signal } = {}) {
      const { body, headerLength } = encodeRequest(inputs, outputs)
      const answer = await ask(options, model, `${pathOf(model, version)}/infer`, {
        method: 'POST',
        headers: {
          'content-type': 'application/octet-stream',
          // fetch asks for gzip by itself: for numbers that costs the server milliseconds and saves a tenth of the bytes.
          'accept-encoding': 'identity',
          [headerLengthName]: String(headerLength),
        },
        body,
        ...(signal === undefined ? {} : { signal }),
      })
      const sent = answer.headers.get(headerLengthName)
      return decodeAnswer(new Uint8Array(await answer.arrayBuffer()), sent === null ? undefined : Number(sent))
    },
  }
}
