// UUIDv7: ordered by time, also within one millisecond, and unguessable (RFC 9562, section 5.7 and 6.2 method 1).
import { randomBytes } from 'node:crypto'
import type { Clock, Ids } from './ports.ts'

const poolBytes = 4096
const counterBits = 12
const counterLimit = 1 << counterBits
// A new millisecond starts low in the counter's range, so that there is room to count up.
const counterSeedMask = 0x3ff

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const groups: ReadonlySet<number> = new Set([4, 6, 8, 10])

function toText(bytes: Uint8Array): string {
  let text = ''
  for (const [index, byte] of bytes.entries()) {
    if (groups.has(index)) text += '-'
    text += hex[byte]
  }
  return text
}

/** Creates a source of UUIDv7 that never goes backwards, even when the clock does. */
export function createIds(clock: Clock): Ids {
  const state = { ms: 0, counter: 0, pool: randomBytes(poolBytes), at: 0 }

  const random = (count: number): Uint8Array => {
    if (state.at + count > poolBytes) {
      state.pool = randomBytes(poolBytes)
      state.at = 0
    }
    state.at += count
    return state.pool.subarray(state.at - count, state.at)
  }

  const advance = (): void => {
    const now = clock.now().getTime()
    const seed = random(2)
    if (now > state.ms) {
      state.ms = now
      state.counter = (((seed[0] ?? 0) << 8) | (seed[1] ?? 0)) & counterSeedMask
      return
    }
    state.counter += 1
    if (state.counter < counterLimit) return
    state.ms += 1 // more than the counter holds in one millisecond: borrow from the next
    state.counter = 0
  }

  return {
    uuid() {
      advance()
      const bytes = new Uint8Array(16)
      const view = new DataView(bytes.buffer)
      view.setUint32(0, Math.floor(state.ms / 0x10000))
      view.setUint16(4, state.ms % 0x10000)
      view.setUint16(6, 0x7000 | state.counter)
      bytes.set(random(8), 8)
      bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
      return toText(bytes)
    },
  }
}
