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
  /** True while it owes an answer that nobody waits for any more. */
  readonly isLate: boolean
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

type AnyAnswered = Answered<Answer['kind']>

// Questions follow one another: at most one is open, and `turn` resolves when its answer has come.
interface Turns {
  waiting: Waiting | undefined
  turn: Promise<void>
  isDone: boolean
  isLate: boolean
}

function settle(turns: Turns, answer: Sized<Answer> | undefined): void {
  const { waiting } = turns
  turns.waiting = undefined
  waiting?.(answer)
}

function exchange(call: Call, turns: Turns, question: Question): Promise<AnyAnswered> {
  const sent = { bytes: 0 }
  const onSized = (sizeBytes: number): void => {
    sent.bytes = sizeBytes
  }
  return new Promise((resolve, reject) => {
    turns.waiting = (received) => {
      if (received === undefined) reject(gone())
      else resolve({ answer: received.message, sentBytes: sent.bytes, receivedBytes: received.sizeBytes })
    }
    call.write({ message: question, onSized })
  })
}

const settled = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    () => undefined,
  )

// Whoever asked may stop waiting; the answer is owed all the same, and dropped when it comes.
function inTurn(call: Call, turns: Turns, question: Question, signal: AbortSignal): Promise<AnyAnswered> {
  const progress = { isAsked: false }
  const mine = turns.turn.then(() => {
    if (turns.isDone) throw gone()
    signal.throwIfAborted()
    progress.isAsked = true
    return exchange(call, turns, question)
  })
  turns.turn = settled(mine).then(() => {
    turns.isLate = false
  })
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      turns.isLate ||= progress.isAsked
      reject(signal.reason)
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    mine.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

async function dismiss(call: Call, turns: Turns): Promise<void> {
  await turns.turn
  if (turns.isDone) return
  turns.isDone = true
  const timer = setTimeout(() => settle(turns, undefined), dismissalGraceMs).unref()
  await settled(exchange(call, turns, { kind: 'reconnect', seconds: 0 }))
  clearTimeout(timer)
  call.end()
}

// Tells once when the client has gone, by whichever way the call ends.
function watchEnd(call: Call, turns: Turns): AbortController {
  const closing = new AbortController()
  const close = (): void => {
    turns.isDone = true
    if (closing.signal.aborted) return
    closing.abort(gone())
    settle(turns, undefined)
  }
  call.on('data', (answer: Sized<Answer>) => settle(turns, answer))
  call.on('end', () => {
    close()
    call.end()
  })
  for (const event of ['error', 'cancelled', 'close'] as const) call.on(event, close)
  return closing
}

/** Wraps a call to Join. */
export function openSiteStream(call: Call): SiteStream {
  const turns: Turns = { waiting: undefined, turn: Promise.resolve(), isDone: false, isLate: false }
  const closing = watchEnd(call, turns)
  return {
    peer: call.getPeer(),
    token: bearerOf(call),
    get isOpen() {
      return !turns.isDone
    },
    get isLate() {
      return turns.isLate
    },
    gone: closing.signal,
    async ask(question, signal) {
      const { kind: asked }: Question = question
      const answered = await inTurn(call, turns, question, signal)
      const { kind } = answered.answer
      if (kind === asked) return answered as never // the kinds were just compared
      if (kind === 'disconnect') throw gone()
      throw new AppError('unprocessable', `Asked for ${asked}, the site answered ${kind}`)
    },
    dismiss: () => void dismiss(call, turns),
    refuse(code, details) {
      call.emit('error', { code, details })
    },
  }
}
