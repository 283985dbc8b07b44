// Sends a request on to another process and streams the answer back, with undici's dispatch.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import type { Dispatcher } from 'undici'
import { isUnreached } from '../../../kernel/transport.ts'
import type { Observation } from '../balancing/circuit.ts'
import { sessionCookie } from '../session/sessions.ts'
import { endToEndHeaders } from './headers.ts'
import { hasBody } from './limited-body.ts'

/** One attempt at one origin. */
export interface ForwardRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly origin: string
  /** With query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  /** The body, where it was read beforehand so that it can be sent again. */
  readonly kept: Buffer | undefined
  /** Until the answer begins, and between its parts. */
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
const resets: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])
const timeouts: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

interface BodyState {
  isRead: boolean
}

// A stream of its own, so that an attempt that never connected leaves the request unread for the next one.
function bodyOf(request: IncomingMessage, state: BodyState): Readable | null {
  if (!hasBody(request)) return null
  const body = new Readable({
    read() {
      if (!state.isRead) {
        state.isRead = true
        request.on('data', (chunk: Buffer) => {
          if (!body.push(chunk)) request.pause()
        })
        request.once('end', () => body.push(null))
        request.once('error', (error) => body.destroy(error))
        request.once('aborted', () => body.destroy(new Error('The client went away')))
      }
      request.resume()
    },
  })
  return body
}

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
  if (isLate || timeouts.has(error.code ?? '')) {
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
function reasonOf(text: string | undefined): string {
  return text !== undefined && /^[\t\x20-\x7e]*$/.test(text) ? text : ''
}

/** The headers of an answer that pass; no upstream signs people in at the console. */
export function answerHeaders(headers: Parameters<typeof endToEndHeaders>[0]): ReturnType<typeof endToEndHeaders> {
  const { 'set-cookie': cookies, ...rest } = endToEndHeaders(headers, false)
  const kept = [cookies ?? []].flat().filter((cookie) => cookie.split('=')[0]?.trim() !== sessionCookie)
  return kept.length === 0 ? rest : { ...rest, 'set-cookie': kept }
}

// An answer of which the client hears nothing: a short one is read to its end, so that its connection can be used again.
function heldAnswer(status: number): ForwardOutcome {
  const error = new AppError('unavailable', `The service answered ${status}; try again shortly`, {
    retryAfterSeconds: 1,
  })
  return { kind: 'retry', error, seen: undefined } // its status was told already
}

const isEventStream = (headers: Readonly<Record<string, unknown>>): boolean =>
  String(headers['content-type'] ?? headers.accept ?? '').includes('text/event-stream')

// Passes the answer on as it comes. A short one that is there whole goes out as one text with its head, which costs one write.
function answering(response: ServerResponse) {
  const state = { expectedBytes: -1 }
  return {
    begin(status: number, reason: string, headers: ReturnType<typeof answerHeaders>): void {
      response.writeHead(status, reason, headers)
      const length = headers['content-length']
      state.expectedBytes = typeof length === 'string' ? Number(length) : -1
      if (isEventStream(headers)) response.flushHeaders() // its reader waits for the head, events may come much later
    },
    data(chunk: Buffer, upstream: Dispatcher.DispatchController): void {
      if (chunk.length === state.expectedBytes && chunk.length <= maxTextBytes) {
        response.end(chunk.toString('latin1'), 'latin1')
        return
      }
      if (response.write(chunk)) return
      upstream.pause()
      response.once('drain', () => upstream.resume())
    },
    end(): void {
      if (!response.writableEnded) response.end()
    },
  }
}

/** Streams request and answer. Resolves when the answer is complete or has failed; headers already sent are cut off by a reset. */
export function forward(dispatcher: Dispatcher, sent: ForwardRequest): Promise<ForwardOutcome> {
  const { request, response } = sent
  return new Promise((resolve) => {
    const body: BodyState = { isRead: false }
    const state = { isLate: false, isGone: false, held: undefined as number | undefined, heldBytes: 0 }
    const answer = answering(response)
    let controller: Dispatcher.DispatchController | undefined
    const timer = setTimeout(() => {
      state.isLate = true
      controller?.abort(new Error('late'))
    }, sent.timeoutMs)
    const onClose = (): void => {
      if (response.writableFinished) return
      state.isGone = true
      controller?.abort(new Error('The client went away'))
    }
    const finish = (outcome: ForwardOutcome): void => {
      clearTimeout(timer)
      response.off('close', onClose)
      resolve(outcome)
    }
    response.once('close', onClose)
    const options: Dispatcher.DispatchOptions = {
      origin: sent.origin,
      path: sent.path,
      method: request.method ?? 'GET',
      headers: sent.headers,
      body: sent.kept ?? bodyOf(request, body),
      headersTimeout: 0, // the timer above is exact
      bodyTimeout: isEventStream(request.headers) ? 0 : sent.timeoutMs, // events may be hours apart
    }
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started
        if (state.isGone || state.isLate) started.abort(new Error('No longer wanted'))
      },
      onResponseStart(_controller, status, headers, statusMessage) {
        if (status < 200) return
        clearTimeout(timer)
        sent.onStatus(status)
        if (heldStatuses.has(status) && isRepeatable(sent) && sent.mayHold()) state.held = status
        else answer.begin(status, reasonOf(statusMessage), answerHeaders(headers))
      },
      onResponseData(started, chunk) {
        if (state.held === undefined) return answer.data(chunk, started)
        state.heldBytes += chunk.length
        if (state.heldBytes > maxHeldBytes) started.abort(new Error('Not wanted'))
      },
      onResponseEnd() {
        if (state.held === undefined) answer.end()
        finish(state.held === undefined ? { kind: 'answered' } : heldAnswer(state.held))
      },
      onResponseError(_controller, error) {
        if (state.isGone) return finish({ kind: 'gone' })
        if (state.held !== undefined) return finish(heldAnswer(state.held))
        const mayRepeat = isRepeatable(sent) && !response.headersSent
        finish(failure(error, { isLate: state.isLate, isRead: body.isRead, mayRepeat, hasOther: sent.hasOther }))
      },
    })
  })
}
