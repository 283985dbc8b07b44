// Sends a request on to another process and streams the answer back, with undici's dispatch.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import type { Agent, Dispatcher } from 'undici'
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
  /** Until the answer begins, and between its parts. */
  readonly timeoutMs: number
}

/** How it went; `retry` means that the origin was not reached and nothing was sent or read. */
export type ForwardOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'retry' | 'failed'; readonly error: AppError; readonly cause: unknown }

const unreached: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])
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

function failure(error: Error & { code?: string }, isLate: boolean, isRead: boolean): ForwardOutcome {
  if (error instanceof AppError) return { kind: 'failed', error, cause: error }
  if (isLate || timeouts.has(error.code ?? '')) {
    const late = new AppError('timeout', 'The service did not answer in time; try again or ask for less', {
      cause: error,
    })
    return { kind: 'failed', error: late, cause: error }
  }
  if (unreached.has(error.code ?? '')) {
    const away = new AppError('unavailable', 'The service cannot be reached now; try again shortly', {
      cause: error,
      retryAfterSeconds: 1,
    })
    return { kind: isRead ? 'failed' : 'retry', error: away, cause: error }
  }
  return {
    kind: 'failed',
    error: new AppError('bad-gateway', 'The service gave no valid answer', { cause: error }),
    cause: error,
  }
}

// The reason tells nothing that the status does not; one that HTTP cannot carry would cost the whole answer.
function reasonOf(text: string | undefined): string {
  return text !== undefined && /^[\t\x20-\x7e]*$/.test(text) ? text : ''
}

// No upstream signs people in at the console.
function answerHeaders(headers: Parameters<typeof endToEndHeaders>[0]): ReturnType<typeof endToEndHeaders> {
  const { 'set-cookie': cookies, ...rest } = endToEndHeaders(headers, false)
  const kept = [cookies ?? []].flat().filter((cookie) => cookie.split('=')[0]?.trim() !== sessionCookie)
  return kept.length === 0 ? rest : { ...rest, 'set-cookie': kept }
}

/** Streams request and answer. Resolves when the answer is complete or has failed; headers already sent are cut off by a reset. */
export function forward(agent: Agent, sent: ForwardRequest): Promise<ForwardOutcome> {
  const { request, response } = sent
  return new Promise((resolve) => {
    const body: BodyState = { isRead: false }
    const state = { isLate: false, isGone: false }
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
      body: bodyOf(request, body),
      headersTimeout: 0, // the timer above is exact
      bodyTimeout: sent.timeoutMs,
    }
    agent.dispatch(options, {
      onRequestStart(started) {
        controller = started
        if (state.isGone || state.isLate) started.abort(new Error('No longer wanted'))
      },
      onResponseStart(_controller, status, headers, statusMessage) {
        if (status < 200) return
        clearTimeout(timer)
        response.writeHead(status, reasonOf(statusMessage), answerHeaders(headers))
      },
      onResponseData(started, chunk) {
        if (response.write(chunk)) return
        started.pause()
        response.once('drain', () => started.resume())
      },
      onResponseEnd() {
        response.end()
        finish({ kind: 'answered' })
      },
      onResponseError(_controller, error) {
        finish(state.isGone ? { kind: 'gone' } : failure(error, state.isLate, body.isRead))
      },
    })
  })
}
