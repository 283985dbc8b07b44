// Sends a request on to another process and streams the answer back.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import { isUnreached } from '../../../kernel/transport.ts'
import type { Observation } from '../balancing/circuit.ts'
import type { EdgeFields } from '../edge-fields.ts'
import type { Ending } from '../ending.ts'
import { type AnswerTaker, type Connections, type Fields, fieldOf, type Sending } from '../http1/index.ts'
import { answerFields } from './answer-headers.ts'
import { hasBody } from './limited-body.ts'

/** One attempt at one origin. */
export interface ForwardRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of the exchange, when the client goes away too. */
  readonly ending: Ending
  readonly origin: string
  /** With query. */
  readonly path: string
  /** For the service: names in lower case and values in turn. */
  readonly fields: Fields
  /** For the client, beside what the service answers. */
  readonly edgeFields: EdgeFields
  /** The body, where it was read beforehand so that it can be sent again. */
  readonly kept: Buffer | undefined
  /** Until the answer begins once the body is sent, and between its parts; a client may take no longer between those of its body. */
  readonly timeoutMs: number
  /** Whether another target is there, to be tried when this one says nothing in time. */
  readonly hasOther: boolean
  /** Told the status as soon as it is there. */
  readonly onStatus: (status: number) => void
  /** Says whether a 502, 503 or 504 is to be kept from the client, because another target will be tried. */
  readonly mayHold: () => boolean
}

/** How it went; `retry` means that another attempt does no harm: nothing was read, or the request may be repeated. */
export type ForwardOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'retry' | 'failed'; readonly error: AppError; readonly seen: Observation | undefined }

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
const heldStatuses: ReadonlySet<number> = new Set([502, 503, 504])
const maxHeldBytes = 65_536
const maxTextBytes = 16_384
const resets: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])
const silence = 'ANSWER_TIMEOUT'
const answered: ForwardOutcome = Object.freeze({ kind: 'answered' })
const gone: ForwardOutcome = Object.freeze({ kind: 'gone' })

/** Says whether a request may be sent twice by its method (RFC 9110, 9.2.2). */
export function isIdempotent({ method = '' }: IncomingMessage): boolean {
  return repeatable.has(method)
}

// And because there is no body that was read already, or it was kept.
function isRepeatable({ request, kept }: ForwardRequest): boolean {
  return isIdempotent(request) && (!hasBody(request) || kept !== undefined)
}

interface Attempted {
  readonly isLate: boolean
  readonly isRead: boolean
  readonly mayRepeat: boolean
  readonly hasOther: boolean
}

function failure(error: Error & { code?: string }, { isLate, isRead, mayRepeat, hasOther }: Attempted): ForwardOutcome {
  if (error instanceof AppError) return { kind: 'failed', error, seen: undefined }
  if (isLate || error.code === silence) {
    const late = new AppError('timeout', 'The service did not answer in time; try again or ask for less', {
      cause: error,
    })
    return { kind: mayRepeat && hasOther ? 'retry' : 'failed', error: late, seen: { kind: 'late' } }
  }
  if (isUnreached(error)) {
    const away = new AppError('unavailable', 'The service cannot be reached now; try again shortly', {
      cause: error,
      retryAfterSeconds: 1,
    })
    return { kind: isRead ? 'failed' : 'retry', error: away, seen: { kind: 'unreached' } }
  }
  const broken = new AppError('bad-gateway', 'The service gave no valid answer', { cause: error })
  // A connection that was closed without an answer may have been idle for too long; nonsense stays nonsense.
  if (!resets.has(error.code ?? '')) return { kind: 'failed', error: broken, seen: undefined }
  return { kind: mayRepeat ? 'retry' : 'failed', error: broken, seen: { kind: 'unreached' } }
}

// The reason tells nothing that the status does not; one that HTTP cannot carry would cost the whole answer.
function reasonOf(text: string): string {
  return /^[\t\x20-\x7e]*$/.test(text) ? text : ''
}

// An answer of which the client hears nothing: a short one is read to its end, so that its connection can be used again.
function heldAnswer(status: number): ForwardOutcome {
  const error = new AppError('unavailable', `The service answered ${status}; try again shortly`, {
    retryAfterSeconds: 1,
  })
  return { kind: 'retry', error, seen: undefined } // its status was told already
}

const isEventStream = (type: string | undefined): boolean => type?.includes('text/event-stream') === true

// One attempt under way: takes the answer and passes it on as it comes. A class, because every request passes through it.
class Forwarding implements AnswerTaker {
  sending: Sending | undefined
  readonly #sent: ForwardRequest
  readonly #resolve: (outcome: ForwardOutcome) => void
  readonly #timer: NodeJS.Timeout
  #isOver = false
  #isLate = false
  #isGone = false
  #isBodyRead = false
  #isBodySent = false
  #bytesRead = 0
  #isWaiting = false
  #heldStatus: number | undefined
  #heldBytes = 0
  #expectedBytes = -1

  constructor(sent: ForwardRequest, resolve: (outcome: ForwardOutcome) => void) {
    this.#sent = sent
    this.#resolve = resolve
    this.#timer = setTimeout(() => this.#checkLate(), sent.timeoutMs)
    sent.ending.add(() => this.#leave())
  }

  bodyBegun(): void {
    this.#isBodyRead = true
    this.#bytesRead = this.#sent.request.socket.bytesRead
  }

  bodySent(): void {
    this.#isBodySent = true
    if (!this.#sent.response.headersSent) this.#timer.refresh() // else it is over
  }

  head(status: number, reason: string, fields: Fields): void {
    if (status < 200) return
    this.#sent.onStatus(status)
    if (heldStatuses.has(status) && isRepeatable(this.#sent) && this.#sent.mayHold()) this.#heldStatus = status
    else this.#begin(status, reason, fields)
  }

  data(chunk: Buffer): void {
    const { response } = this.#sent
    if (this.#heldStatus !== undefined) {
      this.#heldBytes += chunk.length
      if (this.#heldBytes > maxHeldBytes) this.sending?.abort(new Error('Not wanted'))
    } else if (chunk.length === this.#expectedBytes && chunk.length <= maxTextBytes) {
      // A short answer that is there whole goes out as one text with its head, which costs one write.
      response.end(chunk.toString('latin1'), 'latin1')
    } else if (!response.write(chunk) && !this.#isWaiting) this.#wait()
  }

  end(): void {
    if (this.#heldStatus !== undefined) {
      this.#finish(heldAnswer(this.#heldStatus))
      return
    }
    if (!this.#sent.response.writableEnded) this.#sent.response.end()
    this.#finish(answered)
  }

  fail(error: Error): void {
    if (this.#isGone) this.#finish(gone)
    else if (this.#heldStatus !== undefined) this.#finish(heldAnswer(this.#heldStatus))
    else {
      const mayRepeat = isRepeatable(this.#sent) && !this.#sent.response.headersSent
      const { hasOther } = this.#sent
      this.#finish(failure(error, { isLate: this.#isLate, isRead: this.#isBodyRead, mayRepeat, hasOther }))
    }
  }

  #begin(status: number, reason: string, fields: Fields): void {
    const { response, edgeFields } = this.#sent
    clearTimeout(this.#timer) // it goes on where the answer is held
    response.writeHead(status, reasonOf(reason), edgeFields.addTo(answerFields(status, fields)))
    const length = fieldOf(fields, 'content-length')
    if (length !== undefined) this.#expectedBytes = Number(length)
    // The reader of events waits for the head; they may come much later.
    if (isEventStream(fieldOf(fields, 'content-type'))) response.flushHeaders()
  }

  // A large body may take its time, as long as it goes on.
  #checkLate(): void {
    const { bytesRead } = this.#sent.request.socket
    if (this.#isBodyRead && !this.#isBodySent && bytesRead > this.#bytesRead) {
      this.#bytesRead = bytesRead
      this.#timer.refresh()
      return
    }
    this.#isLate = true
    this.sending?.abort(new Error('late'))
  }

  // For a client that reads slowly; what is there already comes nevertheless.
  #wait(): void {
    this.#isWaiting = true
    this.sending?.pause()
    this.#sent.response.once('drain', () => {
      this.#isWaiting = false
      this.sending?.resume()
    })
  }

  #leave(): void {
    if (this.#isOver || this.#sent.response.writableFinished) return
    this.#isGone = true
    this.sending?.abort(new Error('The client went away'))
  }

  #finish(outcome: ForwardOutcome): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#resolve(outcome)
  }
}

/** Streams request and answer. Resolves when the answer is complete or has failed; headers already sent are cut off by a reset. */
export function forward(connections: Connections, sent: ForwardRequest): Promise<ForwardOutcome> {
  const { request, response, origin, path: target, fields, kept, timeoutMs } = sent
  if (response.destroyed) return Promise.resolve(gone) // between two attempts
  return new Promise((resolve) => {
    const forwarding = new Forwarding(sent, resolve)
    forwarding.sending = connections.send(
      origin,
      {
        method: request.method ?? 'GET',
        target,
        fields,
        body: kept ?? (hasBody(request) ? request : undefined),
        silenceMs: isEventStream(request.headers.accept) ? 0 : timeoutMs, // events may be hours apart
      },
      forwarding,
    )
  })
}
