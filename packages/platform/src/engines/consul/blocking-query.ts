// Follows one path by blocking queries: what was read stays read while the registry cannot be reached.
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Logger } from '../../kernel/ports.ts'
import type { ConsulAnswer, ConsulHttp } from './consul-http.ts'

/** What following needs. */
export interface FollowingParts {
  readonly http: ConsulHttp
  readonly log: Logger
  readonly clock: Clock
}

/** What is followed. */
export interface Followed {
  /** Path without a query, encoded. */
  readonly path: string
  /** Further parameters of the query, e.g. `recurse`. */
  readonly parameters?: readonly string[]
  /** For the log: what cannot be followed now. */
  readonly about: Readonly<Record<string, string>>
  /** Reads an answer. @throws Error when it is none, which is tried again */
  readonly onAnswer: (answer: ConsulAnswer) => void
}

const waitSeconds = 55
const answerLimitMs = waitSeconds * 1000 * 1.25 + 5000 // the registry adds up to a sixteenth
const firstRetryMs = 100
const maxRetryMs = 5000
const minRoundMs = 500

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined)
}

/** Begins to follow; the result ends it. */
export function follow(followed: Followed, { http, log, clock }: FollowingParts): () => Promise<void> {
  const { path, parameters = [], about, onAnswer } = followed
  const state = { index: 0, failures: 0 }
  const closing = new AbortController()
  const { signal } = closing

  const ask = async (): Promise<void> => {
    const begunMs = clock.monotonicMs()
    const { index: seen } = state
    const query = [...parameters, ...(seen === 0 ? [] : [`index=${seen}`, `wait=${waitSeconds}s`])].join('&')
    const whole = query === '' ? path : `${path}?${query}`
    const answer = await http.call({ method: 'GET', path: whole, timeoutMs: answerLimitMs, signal })
    onAnswer(answer)
    state.failures = 0
    // An index that goes backwards is a registry that began anew.
    state.index = answer.index < seen ? 0 : answer.index
    // A registry that does not wait must not be asked without pause.
    if (answer.index === seen && clock.monotonicMs() - begunMs < minRoundMs) await pause(minRoundMs, signal)
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await ask()
      } catch (error) {
        if (signal.aborted) return
        state.failures += 1
        if (state.failures === 1) log.warn('registry.unreachable', { ...about, error })
        await pause(Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(state.failures, 10)), signal)
      }
    }
  }

  const running = run()
  return async () => {
    closing.abort()
    await running
  }
}
