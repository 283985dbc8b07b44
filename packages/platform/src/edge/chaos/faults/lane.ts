// One direction of a proxied connection: bytes come in, wait as the faults say, and go out in order.
import type { Socket } from 'node:net'
import type { TrafficFault } from '../definitions/experiment.ts'
import { type Shaper, shaperOf } from './shaping.ts'

/** One direction. */
export interface Lane {
  /** Puts these faults in the place of those before; what waits is let go by the new ones. */
  setFaults(faults: readonly TrafficFault[]): void
  /** Holds what comes next up for this long, once: the opening of the connection. */
  addOpening(ms: number): void
  readonly bytes: () => number
}

interface Piece {
  /** Undefined is the end. */
  readonly data: Buffer | undefined
  readonly atMs: number
}

const usualLimitBytes = 1_048_576
const soonMs = 0.5

class JoinedLane implements Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #random: () => number
  readonly #waiting: Piece[] = []
  #shaper: Shaper
  #isCut = false
  #limitBytes = usualLimitBytes
  #waitingBytes = 0
  #bytes = 0
  #openingMs = 0
  #lastAtMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, random: () => number) {
    this.#from = from
    this.#to = to
    this.#random = random
    this.#shaper = shaperOf([], random)
  }

  join(): void {
    this.#from.on('data', (data) => this.#take(data))
    this.#from.once('end', () => this.#take(undefined))
    this.#to.on('drain', () => this.#goOn())
    this.#to.once('close', () => clearTimeout(this.#timer))
  }

  bytes = (): number => this.#bytes

  setFaults(faults: readonly TrafficFault[]): void {
    this.#shaper = shaperOf(faults, this.#random)
    this.#isCut = faults.some(({ isCut }) => isCut === true)
    const limits = faults.map(({ bandwidth }) => bandwidth?.limitBytes ?? usualLimitBytes)
    this.#limitBytes = Math.min(...limits, usualLimitBytes)
    if (faults.length === 0) {
      const nowMs = performance.now()
      this.#lastAtMs = nowMs
      for (const [index, piece] of this.#waiting.entries()) this.#waiting[index] = { ...piece, atMs: nowMs }
    }
    this.#release()
  }

  addOpening(ms: number): void {
    this.#openingMs += ms
  }

  #take(data: Buffer | undefined): void {
    const nowMs = performance.now()
    const heldMs = this.#openingMs + (data === undefined ? 0 : this.#shaper.holdMs(data.length, nowMs))
    this.#openingMs = 0
    this.#lastAtMs = Math.max(this.#lastAtMs, nowMs + heldMs) // a stream keeps its order
    this.#waiting.push({ data, atMs: this.#lastAtMs })
    this.#waitingBytes += data?.length ?? 0
    this.#bytes += data?.length ?? 0
    if (this.#waitingBytes > this.#limitBytes || this.#isCut) this.#from.pause()
    if (this.#waiting.length === 1) this.#release()
  }

  #release(): void {
    clearTimeout(this.#timer)
    if (this.#isCut) return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const leftMs = next.atMs - performance.now()
      if (leftMs > soonMs) {
        this.#timer = setTimeout(() => this.#release(), leftMs)
        return
      }
      this.#waiting.shift()
      this.#send(next)
    }
    if (!this.#to.writableNeedDrain) this.#goOn()
  }

  #send({ data }: Piece): void {
    if (this.#to.destroyed) return
    if (data === undefined) {
      this.#to.end()
      return
    }
    this.#waitingBytes -= data.length
    if (!this.#to.write(data)) this.#from.pause()
  }

  #goOn(): void {
    if (!this.#isCut && this.#waitingBytes <= this.#limitBytes) this.#from.resume()
  }
}

/** Joins two sockets in one direction. */
export function joinLane(from: Socket, to: Socket, random: () => number): Lane {
  const lane = new JoinedLane(from, to, random)
  lane.join()
  return lane
}
