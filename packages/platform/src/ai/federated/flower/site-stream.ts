// One joined client: the server asks, the client answers, in turn; a late answer is dropped and the next question follows it.
import type { ServerDuplexStream } from '@grpc/grpc-js'
import { AppError } from '@xinglin/core/errors'
import type { Answer, Question } from './messages.ts'
import type { Outgoing, Sized } from './wire.ts'

/** An answer with what it cost on the wire. */
export interface Answered<Kind extends Answer['kind']> {
  readonly answer: Extract<Answer, { kind: Kind }>
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** A client that has joined. */
export interface SiteStream {
  /** Network address of the peer. */
  readonly peer: string
  /** Bearer token of the call's metadata, where one was sent. */
  readonly token: string | undefined
  readonly isOpen: boolean
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal
  /**
   * Asks and waits for the answer of the same kind; waits first for an answer that is still owed to an earlier question.
   * @throws AppError 'unavailable' when the client goes away, 'unprocessable' when it answers something else;
   * the reason of `signal` when that is aborted
   */
  ask<Kind extends Exclude<Question['kind'], 'reconnect'>>(
    question: Extract<Question, { kind: Kind }>,
    signal: AbortSignal,
  ): Promise<Answered<Kind>>
  /** Tells the client that all is done, once it has answered what it owes, and closes. */
  dismiss(): void
  /** Closes with a gRPC status. */
  refuse(code: number, details: string): void
}

type Call = ServerDuplexStream<Sized<Answer>, Outgoing<Question>>
type Waiting = (answer: Sized<Answer> | undefined) => void

const dismissalGraceMs = 5000

function gone(): AppError {
  return new AppError('unavailable', 'The site went away')
}

function bearerOf(call: Call): string | undefined {
  const [value] = call.metadata.get('authorization')
  return /^Bearer +(\S{1,500})$/i.exec(String(value ?? ''))?.[1]
}

function whenAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Wraps a call to Join. */
export function openSiteStream(call: Call): SiteStream {
  const closing = new AbortController()
  // At most one question is open; `turn` resolves when its answer has come, so that questions follow one another.
  const state: { waiting: Waiting | undefined; turn: Promise<void>; isDone: boolean } = {
    waiting: undefined,
    turn: Promise.resolve(),
    isDone: false,
  }
  const settle = (answer: Sized<Answer> | undefined): void => {
    const { waiting } = state
    state.waiting = undefined
    waiting?.(answer)
  }
  const close = (): void => {
    if (closing.signal.aborted) return
    closing.abort(gone())
    settle(undefined)
  }
  call.on('data', (answer: Sized<Answer>) => settle(answer))
  call.on('end', () => {
    close()
    call.end()
  })
  call.on('error', close)
  call.on('cancelled', close)
  call.on('close', close)

  const exchange = (question: Question): Promise<Answered<Answer['kind']>> => {
    const sent = { bytes: 0 }
    return new Promise((resolve, reject) => {
      state.waiting = (received) => {
        if (received === undefined) return reject(gone())
        resolve({ answer: received.message, sentBytes: sent.bytes, receivedBytes: received.sizeBytes })
      }
      call.write({
        message: question,
        onSized: (sizeBytes) => {
          sent.bytes = sizeBytes
        },
      })
    })
  }
  const enqueue = (question: Question, signal: AbortSignal): Promise<Answered<Answer['kind']>> => {
    const before = state.turn
    const mine = before.then(() => {
      if (closing.signal.aborted) throw gone()
      if (state.isDone) throw gone()
      signal.throwIfAborted()
      return exchange(question)
    })
    state.turn = mine.then(
      () => undefined,
      () => undefined,
    )
    return whenAborted(signal, mine)
  }
  return {
    peer: call.getPeer(),
    token: bearerOf(call),
    get isOpen() {
      return !closing.signal.aborted && !state.isDone
    },
    gone: closing.signal,
    async ask(question, signal) {
      const { kind: asked }: Question = question
      const answered = await enqueue(question, signal)
      const { kind } = answered.answer
      if (kind === asked) return answered as never // the kinds were just compared
      if (kind === 'disconnect') throw gone()
      throw new AppError('unprocessable', `Asked for ${asked}, the site answered ${kind}`)
    },
    dismiss() {
      const before = state.turn
      state.turn = before.then(async () => {
        state.isDone = true
        if (closing.signal.aborted) return
        const answered = exchange({ kind: 'reconnect', seconds: 0 }).catch(() => undefined)
        const timer = setTimeout(() => settle(undefined), dismissalGraceMs).unref()
        await answered
        clearTimeout(timer)
        call.end()
      })
    },
    refuse(code, details) {
      state.isDone = true
      call.emit('error', { code, details })
      close()
    },
  }
}
