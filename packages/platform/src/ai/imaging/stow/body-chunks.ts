// The body of a request piece by piece: each piece as the network gave it, and its memory given back when the next is asked for.
import type { Readable } from 'node:stream'
import { freeBytes } from '../../../kernel/free-bytes.ts'

interface State {
  readonly queue: Buffer[]
  isEnded: boolean
  error: unknown
  wake: () => void
}

function follow(body: Readable): State {
  const state: State = { queue: [], isEnded: false, error: undefined, wake: () => undefined }
  body.on('data', (chunk: Buffer) => {
    state.queue.push(chunk)
    body.pause()
    state.wake()
  })
  body.on('end', () => {
    state.isEnded = true
    state.wake()
  })
  body.on('error', (error) => {
    state.error = error
    state.wake()
  })
  body.on('close', () => {
    if (!state.isEnded) state.error ??= new Error('The body was closed before its end')
    state.wake()
  })
  return state
}

/** The chunks of a body; one must not be looked at once the next is asked for. @throws what the body fails with */
export async function* bodyChunks(body: Readable): AsyncGenerator<Uint8Array> {
  const state = follow(body)
  for (;;) {
    const chunk = state.queue.shift()
    if (chunk !== undefined) {
      yield chunk
      freeBytes(chunk)
    } else if (state.isEnded) return
    else if (state.error !== undefined) throw state.error
    else {
      body.resume()
      await new Promise<void>((resolve) => {
        state.wake = resolve
      })
    }
  }
}
