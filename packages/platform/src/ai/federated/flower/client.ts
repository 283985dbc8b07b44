// A Flower client in TypeScript: joins our server, or any other that speaks FlowerService.Join, and works until dismissed.
import { setTimeout as delay } from 'node:timers/promises'
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js'
import { AppError } from '@xinglin/core/errors'
import { decodeNpy, encodeNpy, type Weights } from '@xinglin/core/federated'
import { type Answer, type Question, type Scalars, statusOk } from './messages.ts'
import { channelOptions, joinDefinition, type Outgoing, type Sized } from './wire.ts'

/** What a site does when it is asked; what it leaves out is answered "not implemented". */
export interface SiteWork {
  readonly properties?: (config: Scalars) => Promise<Scalars>
  /** The weights that training may start from. */
  readonly parameters: (config: Scalars) => Promise<Weights>
  readonly fit: (weights: Weights, config: Scalars) => Promise<Fitted>
  readonly evaluate?: (weights: Weights, config: Scalars) => Promise<Evaluated>
}

/** Weights after training at the site. */
export interface Fitted {
  readonly weights: Weights
  readonly examples: number
  readonly metrics: Scalars
}

/** How the weights do on the site's own held-out stays. */
export interface Evaluated {
  readonly loss: number
  readonly examples: number
  readonly metrics: Scalars
}

/** How to join. */
export interface JoinOptions {
  /** `host:port`. */
  readonly address: string
  readonly work: SiteWork
  /** The site's token; servers other than ours pay no attention to it. */
  readonly token?: string | undefined
  /** PEM of the authority to trust; plain text when absent. */
  readonly rootCertificate?: Buffer | undefined
  /** Longest time to go on trying when the server cannot be reached; default 10 minutes. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
  /** Told what is done, for people who watch. */
  readonly onStep?: (step: string) => void
}

/** How a stay in a federation ended. */
export interface JoinReport {
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly reconnects: number
}

const reasonReconnect = 1
const reasonAck = 4
const firstPauseMs = 200
const longestPauseMs = 5000
const notOffered = { properties: 1, evaluate: 4 } as const

type Stream = ClientDuplexStream<Outgoing<Answer>, Sized<Question>>
type Ending = { readonly kind: 'dismissed' } | { readonly kind: 'again'; readonly afterMs: number }

async function answerTo(question: Question, work: SiteWork): Promise<Answer> {
  switch (question.kind) {
    case 'reconnect':
      return { kind: 'disconnect', reason: question.seconds > 0 ? reasonReconnect : reasonAck }
    case 'properties': {
      const properties = await work.properties?.(question.config)
      if (properties !== undefined) return { kind: 'properties', status: statusOk, properties }
      return { kind: 'properties', status: { code: notOffered.properties, message: 'not offered' }, properties: {} }
    }
    case 'parameters': {
      const weights = await work.parameters(question.config)
      return { kind: 'parameters', status: statusOk, tensors: weights.map(encodeNpy) }
    }
    case 'fit': {
      const fitted = await work.fit(question.tensors.map(decodeNpy), question.config)
      const { examples, metrics } = fitted
      return { kind: 'fit', status: statusOk, tensors: fitted.weights.map(encodeNpy), examples, metrics }
    }
    case 'evaluate': {
      const status = { code: notOffered.evaluate, message: 'not offered' }
      if (work.evaluate === undefined) return { kind: 'evaluate', status, loss: 0, examples: 0, metrics: {} }
      return {
        kind: 'evaluate',
        status: statusOk,
        ...(await work.evaluate(question.tensors.map(decodeNpy), question.config)),
      }
    }
    default:
      return question satisfies never
  }
}

function openStream(client: Client, token: string | undefined): Stream {
  const { Join } = joinDefinition()
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  return client.makeBidiStreamRequest(Join.path, Join.requestSerialize, Join.responseDeserialize, metadata)
}

// Training cannot be interrupted, but nobody has to wait for it once the site shall leave.
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

// The server asks one thing at a time, so that reading the stream is the loop.
async function serve(stream: Stream, options: JoinOptions, count: { sent: number; received: number }): Promise<Ending> {
  for await (const { message: question, sizeBytes } of stream as AsyncIterable<Sized<Question>>) {
    count.received += sizeBytes
    options.onStep?.(question.kind)
    const answer = await unlessAborted(answerTo(question, options.work), options.signal)
    const sized = (bytes: number): void => {
      count.sent += bytes
    }
    stream.write({ message: answer, onSized: sized })
    if (question.kind !== 'reconnect') continue
    stream.end()
    return question.seconds > 0 ? { kind: 'again', afterMs: question.seconds * 1000 } : { kind: 'dismissed' }
  }
  return { kind: 'dismissed' } // Flower servers may end the stream without a word
}

// Statuses that trying again does not mend: bad argument, taken name, no permission, no such method, no valid token.
const final: ReadonlySet<number> = new Set([3, 6, 7, 12, 16])

function grpcCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

/**
 * Joins a server and works for it until it says goodbye; reconnects with growing pauses when the stream breaks.
 * @throws AppError 'forbidden' when the server refuses the site, 'unavailable' when it cannot be reached for too long;
 * whatever the site's own work throws
 */
export async function joinFederation(options: JoinOptions): Promise<JoinReport> {
  const { address, token, rootCertificate, signal, patienceMs = 600_000 } = options
  const secure = rootCertificate === undefined ? credentials.createInsecure() : credentials.createSsl(rootCertificate)
  const count = { sent: 0, received: 0 }
  let lastHeardMs = performance.now()
  let pauseMs = firstPauseMs
  let reconnects = 0
  for (;;) {
    signal?.throwIfAborted()
    const client = new Client(address, secure, { ...channelOptions })
    const stream = openStream(client, token)
    const stop = (): void => stream.cancel()
    signal?.addEventListener('abort', stop, { once: true })
    const heardBefore = count.received
    try {
      const ending = await serve(stream, options, count)
      if (ending.kind === 'dismissed') {
        return { sentBytes: count.sent, receivedBytes: count.received, reconnects }
      }
      pauseMs = ending.afterMs
    } catch (error) {
      signal?.throwIfAborted()
      const code = grpcCode(error)
      if (code === undefined) throw error
      const words = error instanceof Error ? error.message : ''
      if (final.has(code)) throw new AppError('forbidden', `The server at ${address} refuses this site: ${words}`)
      if (count.received > heardBefore) {
        lastHeardMs = performance.now()
        pauseMs = firstPauseMs
      }
      if (performance.now() - lastHeardMs > patienceMs) {
        throw new AppError('unavailable', `The server at ${address} cannot be reached`, { cause: error })
      }
      options.onStep?.('reconnect')
    } finally {
      signal?.removeEventListener('abort', stop)
      client.close()
    }
    reconnects += 1
    await delay(pauseMs, undefined, signal === undefined ? {} : { signal })
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}
