// Looks for durable work until there is none, rests until it is woken or time has passed, and looks again.
import { setTimeout as delay } from 'node:timers/promises'

/** What a loop is made of. */
export interface WorkLoopOptions {
  /** Rest between two looks that found nothing. */
  readonly lookEveryMs: number
  /** Does the next piece; true when there was one. Its signal is aborted when the loop is to stop, with `stopReason`. */
  readonly work: (stop: AbortSignal) => Promise<boolean>
  /** Told what `work` threw; the loop rests and goes on. */
  readonly onFailure: (error: unknown) => void
  readonly stopReason?: unknown
}

/** A loop. */
export interface WorkLoop {
  start(): void
  /** Looks at once; a wake during a look is not lost. */
  wake(): void
  /** Stops the piece under way and waits for its end. */
  close(): Promise<void>
}

/** Creates the loop; nothing runs before `start`. */
export function createWorkLoop({ lookEveryMs, work, onFailure, stopReason }: WorkLoopOptions): WorkLoop {
  const stop = new AbortController()
  const state: { nap?: AbortController; isWoken: boolean; running?: Promise<void> } = { isWoken: false }
  const rest = async (): Promise<void> => {
    if (state.isWoken) return
    state.nap = new AbortController()
    const signal = AbortSignal.any([stop.signal, state.nap.signal])
    await delay(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined) // woken, or told to stop
  }
  const look = async (): Promise<boolean> => {
    state.isWoken = false
    try {
      return await work(stop.signal)
    } catch (error) {
      onFailure(error)
      state.isWoken = false // what fails is not tried again at once, whoever asks for it
      return false
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) if (!(await look())) await rest()
  }
  return {
    start() {
      state.running ??= run()
    },
    wake() {
      state.isWoken = true
      state.nap?.abort()
    },
    async close() {
      stop.abort(stopReason)
      await state.running
    },
  }
}
