// Watches the units of the upper layer protocol (PS3.8 section 9.3) as they arrive, before anything is kept of them (pure).

/** Takes a chunk; false once a unit is longer than allowed, or of a type that does not exist. */
export type PduGuard = (chunk: Uint8Array) => boolean

const headerBytes = 6
const lastType = 7

/** Creates the guard of one connection. */
export function createPduGuard(maxPduBytes: number): PduGuard {
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  const state = { filled: 0, left: 0, isBroken: false }
  return (chunk) => {
    for (let at = 0; at < chunk.length && !state.isBroken; ) {
      if (state.left > 0) {
        const skipped = Math.min(state.left, chunk.length - at)
        state.left -= skipped
        at += skipped
        continue
      }
      header[state.filled++] = chunk[at++] ?? 0
      if (state.filled < headerBytes) continue
      state.filled = 0
      state.left = view.getUint32(2)
      const type = header[0] ?? 0
      state.isBroken = type < 1 || type > lastType || state.left > maxPduBytes
    }
    return !state.isBroken
  }
}
