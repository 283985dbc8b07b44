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
  readonly data: Buffer | undefined
  readonly atMs: number
}

const usualLimitBytes = 1_048_576
const soonMs = 0.5

/** Joins two sockets in one direction; `undefined` data is the end of it. */
export function joinLane(from: Socket, to: Socket, random: () => number): Lane {
  const waiting: Piece[] = []
  const state = {
    shaper: shaperOf([], random) as Shaper,
    isCut: false,
    limitBytes: usualLimitBytes,
    waitingBytes: 0,
    bytes: 0,
    openingMs: 0,
    lastAtMs: 0,
    timer: undefined as NodeJS.Timeout | undefined,
  }

  const send = ({ data }: Piece): void => {
    if (to.destroyed) return
    if (data === undefined) return void to.end()
    state.waitingBytes -= data.length
    if (!to.write(data)) from.pause()
  }

  const release = (): void => {
    clearTimeout(state.timer)
    if (state.isCut) return
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const leftMs = next.atMs - performance.now()
      if (leftMs > soonMs) {
        state.timer = setTimeout(release, leftMs)
        return
      }
      waiting.shift()
      send(next)
    }
    if (state.waitingBytes <= state.limitBytes && !to.writableNeedDrain) from.resume()
  }

  const take = (data: Buffer | undefined): void => {
    const nowMs = performance.now()
    const heldMs = state.openingMs + (data === undefined ? 0 : state.shaper.holdMs(data.length, nowMs))
    state.openingMs = 0
    state.lastAtMs = Math.max(state.lastAtMs, nowMs + heldMs) // a stream keeps its order
    waiting.push({ data, atMs: state.lastAtMs })
    state.waitingBytes += data?.length ?? 0
    state.bytes += data?.length ?? 0
    if (state.waitingBytes > state.limitBytes || state.isCut) from.pause()
    if (waiting.length === 1) release()
  }

  from.on('data', take)
  from.once('end', () => take(undefined))
  to.on('drain', () => {
    if (!state.isCut && state.waitingBytes <= state.limitBytes) from.resume()
  })
  to.once('close', () => clearTimeout(state.timer))
  return {
    setFaults(faults) {
      state.shaper = shaperOf(faults, random)
      state.isCut = faults.some(({ isCut }) => isCut === true)
      state.limitBytes = Math.min(
        ...faults.map(({ bandwidth }) => bandwidth?.limitBytes ?? usualLimitBytes),
        usualLimitBytes,
      )
      if (faults.length === 0) {
        const nowMs = performance.now()
        state.lastAtMs = nowMs
        for (const [index, piece] of waiting.entries()) waiting[index] = { ...piece, atMs: nowMs }
      }
      release()
    },
    addOpening(ms) {
      state.openingMs += ms
    },
    bytes: () => state.bytes,
  }
}
