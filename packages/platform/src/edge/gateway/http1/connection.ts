// One connection to a service: carries one request after another, never two at a time.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { AnswerFault } from './answer-fault.ts'
import { AnswerParser, type AnswerReader, type Fields, fieldOf } from './answer-parser.ts'
import { chunkedLine, lengthLine, requestHead } from './request-head.ts'

/** A request to a service. */
export interface ServiceRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names in lower case and values in turn; with Content-Length where the body has one. */
  readonly fields: Fields
  /** Whole, or read when a connection is there; undefined for none. */
  readonly body: Buffer | IncomingMessage | undefined
  /** For how long the answer may say nothing once it has begun; 0 for ever. */
  readonly silenceMs: number
}

/** Told how a request goes; exactly one of `end` and `fail` is called, and nothing after it. */
export interface AnswerTaker extends AnswerReader {
  /** The body is being read from now on: the request cannot be sent a second time. */
  readonly bodyBegun: () => void
  /** A body that was read is sent whole. */
  readonly bodySent: () => void
  readonly end: () => void
  readonly fail: (error: Error) => void
}

/** A connection's owner. */
export interface ConnectionOwner {
  /** Beats once a second. */
  readonly beat: () => number
  /** The connection may carry the next request. */
  readonly rest: (connection: Connection) => void
  readonly gone: (connection: Connection) => void
}

const emptyMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const marginSeconds = 1
// A client that has taken nothing for so long is gone, even if it does not say so.
const stuckBeats = 300

// The line that marks the end of the body, where the headers do not yet.
function framingOf({ method, fields, body }: ServiceRequest): string {
  if (fieldOf(fields, 'content-length') !== undefined) return ''
  if (body !== undefined) return Buffer.isBuffer(body) ? lengthLine(body.length) : chunkedLine
  return emptyMethods.has(method) ? lengthLine(0) : ''
}

const lateError = (): Error => new AnswerFault('it stopped', 'ANSWER_TIMEOUT')
const closedError = (): Error => new AnswerFault('the connection closed', 'ECONNRESET')

/** A connection. A class, because every request passes through it. */
export class Connection implements AnswerReader {
  /** Until which beat it may rest. */
  restsUntil = 0
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #parser = new AnswerParser()
  readonly #keptSeconds: number
  #leaveBody: () => void = () => undefined
  #taker: AnswerTaker | undefined
  #body: IncomingMessage | undefined
  #isBodySent = true
  #silenceBeats = 0
  #heardAt = 0

  constructor(socket: Socket, owner: ConnectionOwner, keptSeconds: number) {
    this.#socket = socket
    this.#owner = owner
    this.#keptSeconds = keptSeconds
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('end', () => this.#finish())
    socket.on('error', (error) => this.#break(error))
    socket.on('close', () => {
      this.#break(closedError())
      owner.gone(this)
    })
    socket.on('drain', () => this.#body?.resume())
  }

  get isUsable(): boolean {
    return this.#taker === undefined && this.#socket.writable && this.#socket.readable
  }

  /** Sends a request over it. @throws AppError 'invalid-request' before anything was sent, when HTTP cannot carry it */
  send(request: ServiceRequest, taker: AnswerTaker): void {
    const framing = framingOf(request)
    const head = requestHead(request.method, request.target, request.fields, framing)
    const { body } = request
    this.#taker = taker
    this.#heardAt = this.#owner.beat()
    this.#silenceBeats = request.silenceMs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(request.silenceMs / 1000) + 1
    this.#parser.expect(request.method, this)
    if (body === undefined) this.#socket.write(head, 'latin1')
    else if (Buffer.isBuffer(body)) this.#socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    else this.#sendStream(head, body, framing === chunkedLine)
  }

  /** Gives the taker's request up, if it is still under way; the connection ends. */
  abort(taker: AnswerTaker, error: Error): void {
    if (this.#taker === taker) this.#break(error)
  }

  /** Reads no more of the taker's answer until `resume`. */
  pause(taker: AnswerTaker): void {
    if (this.#taker === taker) this.#socket.pause()
  }

  resume(taker: AnswerTaker): void {
    if (this.#taker !== taker) return
    this.#heardAt = this.#owner.beat() // the silence was not the service's
    this.#socket.resume()
  }

  /** Gives up a request whose answer began and went silent, or is taken by nobody; called at each beat. */
  checkSilence(): void {
    if (this.#taker === undefined || !this.#parser.hasBegun) return
    const beats = this.#socket.isPaused() ? stuckBeats : this.#silenceBeats
    if (this.#owner.beat() - this.#heardAt > beats) this.#break(lateError())
  }

  head(status: number, reason: string, fields: Fields): void {
    this.#taker?.head(status, reason, fields)
  }

  data(chunk: Buffer): void {
    this.#taker?.data(chunk)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #sendStream(head: string, body: IncomingMessage, isChunked: boolean): void {
    const socket = this.#socket
    const onData = (chunk: Buffer): void => {
      if (isChunked) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      const hasRoom = socket.write(chunk)
      const isRoomy = isChunked ? socket.write('\r\n', 'latin1') : hasRoom
      if (!isRoomy) body.pause()
    }
    const onEnd = (): void => {
      this.#isBodySent = true
      if (isChunked) socket.write('0\r\n\r\n', 'latin1')
      this.#taker?.bodySent()
    }
    // It stays: Node tells an error that it has once decided to tell, and one that nobody hears ends the process.
    const onError = (error: Error): void => {
      if (this.#body === body) this.#break(error)
    }
    const onClose = (): void => {
      if (!this.#isBodySent) this.#break(new Error('The client went away'))
    }
    this.#isBodySent = false
    this.#body = body
    this.#taker?.bodyBegun()
    socket.write(head, 'latin1')
    body.on('data', onData)
    body.once('end', onEnd)
    body.on('error', onError)
    body.once('close', onClose)
    this.#leaveBody = () => {
      body.off('data', onData)
      body.off('end', onEnd)
      body.off('close', onClose)
    }
    body.resume()
  }

  #take(chunk: Buffer): void {
    if (this.#taker === undefined) {
      this.#socket.destroy() // nobody asked for anything
      return
    }
    this.#heardAt = this.#owner.beat()
    try {
      this.#parser.push(chunk)
    } catch (error) {
      this.#break(error as Error)
      return
    }
    if (this.#parser.isDone) this.#complete()
  }

  // The other side sends no more.
  #finish(): void {
    if (this.#taker === undefined) {
      this.#socket.destroy()
      return
    }
    try {
      this.#parser.end()
    } catch (error) {
      this.#break(error as Error)
      return
    }
    this.#complete()
  }

  #complete(): void {
    const taker = this.#release()
    const { isKept, keptSeconds } = this.#parser
    // An answer before the whole request was read: what is left of the request must not be taken for another one.
    const seconds = Math.min(this.#keptSeconds, (keptSeconds ?? Number.POSITIVE_INFINITY) - marginSeconds)
    if (isKept && this.#isBodySent && seconds > 0 && this.#socket.writable) {
      this.#socket.resume() // a slow reader may have paused it
      this.restsUntil = this.#owner.beat() + seconds
      this.#owner.rest(this)
    } else this.#socket.destroy()
    taker?.end()
  }

  #break(error: Error): void {
    const taker = this.#release()
    this.#socket.destroy()
    taker?.fail(error)
  }

  #release(): AnswerTaker | undefined {
    const taker = this.#taker
    this.#taker = undefined
    if (this.#body !== undefined) this.#leaveBody()
    this.#body = undefined
    return taker
  }
}
