// One instance of a served version: an ONNX session that opens when it is first needed and closes after a time of rest.
import type { NamedTensors, OnnxSession } from '../../../kernel/ports.ts'

/** An instance; it runs one batch at a time. */
export interface Instance {
  run(feeds: NamedTensors, outputs: readonly string[]): Promise<NamedTensors>
  /** Opens the session now. */
  open(): Promise<void>
  readonly isOpen: boolean
  close(): Promise<void>
}

/** Creates an instance. */
export function createInstance(open: () => Promise<OnnxSession>, idleMs: number): Instance {
  const state: { session?: Promise<OnnxSession>; rest?: NodeJS.Timeout; isOpen: boolean } = { isOpen: false }

  const release = async (): Promise<void> => {
    clearTimeout(state.rest)
    const { session } = state
    delete state.session
    state.isOpen = false
    await session?.then(
      (one) => one.close(),
      () => undefined, // it never opened
    )
  }
  const opened = (): Promise<OnnxSession> => {
    clearTimeout(state.rest)
    state.session ??= open().then(
      (session) => {
        state.isOpen = true
        return session
      },
      (error: unknown) => {
        delete state.session
        throw error
      },
    )
    return state.session
  }
  const rest = (): void => {
    clearTimeout(state.rest)
    if (idleMs > 0) state.rest = setTimeout(() => void release(), idleMs).unref() // closing tells its own failures
  }
  return {
    async run(feeds, outputs) {
      const session = await opened()
      try {
        return await session.run(feeds, { outputs })
      } finally {
        rest()
      }
    },
    async open() {
      await opened()
      rest()
    },
    get isOpen() {
      return state.isOpen
    },
    close: release,
  }
}
