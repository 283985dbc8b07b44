// Connections to services, kept between requests: to each address so many at once, the most recently used first.
import { AppError } from '@xinglin/core/errors'
import type { Connector } from '../../../kernel/transport.ts'
import { AnswerFault } from './answer-fault.ts'
import { type AnswerTaker, Connection, type ConnectionOwner, type ServiceRequest } from './connection.ts'

/** What connections are made of. */
export interface ConnectionsOptions {
  readonly connect: Connector
  /** To one address. */
  readonly maxConnections: number
  /** For how long an idle one is kept, where the service does not say less. */
  readonly keptSeconds: number
}

/** A request under way. */
export interface Sending {
  /** Gives it up: its taker is told, unless it was told the end before. */
  abort(error: Error): void
  /** Reads no further until `resume`. */
  pause(): void
  resume(): void
}

/** Connections to any number of addresses. */
export interface Connections {
  /** Sends a request to `http(s)://host:port` as soon as a connection is there. */
  send(origin: string, request: ServiceRequest, taker: AnswerTaker): Sending
  /** Ends idle connections now, and the others after their answers or a few seconds; resolves when all have ended. */
  close(): Promise<void>
}

interface Address {
  /** null when the origin is no address. */
  readonly url: URL | null
  readonly idle: Connection[]
  readonly all: Set<Connection>
  readonly waiting: OpenSending[]
  opening: number
}

const beatMs = 1000
const maxWaiting = 10_000
const closingMs = 5000

const busy = (): AppError =>
  new AppError('unavailable', 'Too many requests wait for this service; try again shortly', { retryAfterSeconds: 1 })

// What a caller holds of a request, before and after it has a connection.
class OpenSending implements Sending {
  connection: Connection | undefined
  isOver = false
  readonly request: ServiceRequest
  readonly taker: AnswerTaker

  constructor(request: ServiceRequest, taker: AnswerTaker) {
    this.request = request
    this.taker = taker
  }

  /** Before it had a connection. */
  fail(error: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.taker.fail(error)
  }

  abort(error: Error): void {
    if (this.connection === undefined) this.fail(error)
    else this.connection.abort(this.taker, error)
  }

  pause(): void {
    this.connection?.pause(this.taker)
  }

  resume(): void {
    this.connection?.resume(this.taker)
  }
}

// Says whether the connection is in use now; when not, nothing was sent.
function start(connection: Connection, sending: OpenSending): boolean {
  try {
    connection.send(sending.request, sending.taker)
    sending.connection = connection
    return true
  } catch (error) {
    sending.fail(error as Error)
    return false
  }
}

const nowhere = (origin: string): Error => Object.assign(new Error(`No address: ${origin}`), { code: 'ENOTFOUND' })
const stopped = (): Error => new AnswerFault('the gateway stops', 'ECONNRESET')

/** Creates connections; none is open yet. */
export function createConnections({ connect, maxConnections, keptSeconds }: ConnectionsOptions): Connections {
  const addresses = new Map<string, Address>()
  const state = { beat: 0, isClosing: false, onEmpty: undefined as (() => void) | undefined }

  const addressOf = (origin: string): Address => {
    const known = addresses.get(origin)
    if (known !== undefined) return known
    const made: Address = { url: URL.parse(origin), idle: [], all: new Set(), waiting: [], opening: 0 }
    addresses.set(origin, made)
    return made
  }

  const restedAt = (address: Address, connection: Connection): void => {
    for (let next = nextWaiting(address); next !== undefined; next = nextWaiting(address)) {
      if (start(connection, next)) return
    }
    if (state.isClosing) connection.destroy()
    else address.idle.push(connection)
  }

  const ownerOf = (address: Address): ConnectionOwner => ({
    beat: () => state.beat,
    rest: (connection) => restedAt(address, connection),
    gone(connection) {
      address.all.delete(connection)
      const at = address.idle.indexOf(connection)
      if (at !== -1) address.idle.splice(at, 1)
      freed(address)
    },
  })

  const open = (address: Address, url: URL, sending: OpenSending): void => {
    const { protocol, hostname, host, port } = url
    address.opening += 1
    connect({ protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port }, (error, socket) => {
      address.opening -= 1
      if (error !== null) {
        sending.fail(error)
        freed(address)
        return
      }
      const connection = new Connection(socket, ownerOf(address), keptSeconds)
      address.all.add(connection)
      if (!sending.isOver && start(connection, sending)) return
      connection.restsUntil = state.beat + keptSeconds
      restedAt(address, connection)
    })
  }

  // There is room for one more connection.
  const freed = (address: Address): void => {
    const next = address.url === null ? undefined : nextWaiting(address)
    if (next !== undefined && address.url !== null) open(address, address.url, next)
    else if (state.isClosing) state.onEmpty?.()
  }

  const beat = (): void => {
    state.beat += 1
    for (const [origin, address] of addresses) {
      for (const connection of address.all) connection.checkSilence()
      for (const connection of address.idle.filter(({ restsUntil }) => restsUntil <= state.beat)) connection.destroy()
      const isUnused = address.all.size === 0 && address.opening === 0 && address.waiting.length === 0
      if (isUnused) addresses.delete(origin)
    }
  }
  const beating = setInterval(beat, beatMs).unref()

  return {
    send(origin, request, taker) {
      const address = addressOf(origin)
      const sending = new OpenSending(request, taker)
      for (let idle = address.idle.pop(); idle !== undefined; idle = address.idle.pop()) {
        if (!idle.isUsable) continue
        if (!start(idle, sending)) restedAt(address, idle)
        return sending
      }
      const { url } = address
      if (url === null) queueMicrotask(() => sending.fail(nowhere(origin)))
      else if (address.all.size + address.opening < maxConnections) open(address, url, sending)
      else if (address.waiting.length < maxWaiting) address.waiting.push(sending)
      else queueMicrotask(() => sending.fail(busy()))
      return sending
    },
    async close() {
      state.isClosing = true
      for (const { idle } of addresses.values()) for (const connection of [...idle]) connection.destroy()
      const cut = setTimeout(() => {
        for (const { all, waiting } of addresses.values()) {
          for (const sending of waiting.splice(0)) sending.fail(stopped())
          for (const connection of all) connection.destroy()
        }
      }, closingMs)
      const isEmpty = (): boolean => [...addresses.values()].every(({ all, opening }) => all.size + opening === 0)
      while (!isEmpty()) await new Promise<void>((resolve) => Object.assign(state, { onEmpty: resolve }))
      clearTimeout(cut)
      clearInterval(beating)
    },
  }
}

function nextWaiting({ waiting }: Address): OpenSending | undefined {
  let next = waiting.shift()
  while (next?.isOver === true) next = waiting.shift()
  return next
}
