// Follows one service by blocking queries: what is known stays known while the registry cannot be reached.
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Instance, Logger } from '../../kernel/ports.ts'
import type { ConsulHttp } from './consul-http.ts'
import { readHealthyInstances } from './health-answer.ts'

/** What a follower needs. */
export interface FollowerParts {
  readonly http: ConsulHttp
  readonly log: Logger
  readonly clock: Clock
}

/** A service that is followed. */
export interface Follower {
  readonly instances: () => readonly Instance[]
  /** Calls back at once and on each change. */
  watch(onChange: (instances: readonly Instance[]) => void): () => void
  readonly isWatched: () => boolean
  close(): Promise<void>
}

const waitSeconds = 55
const answerLimitMs = waitSeconds * 1000 * 1.25 + 5000 // the registry adds up to a sixteenth
const firstRetryMs = 100
const maxRetryMs = 5000
const minRoundMs = 500

interface State {
  instances: readonly Instance[]
  index: number
  failures: number
}

/** Begins to follow a service. */
export function followService(service: string, { http, log, clock }: FollowerParts): Follower {
  const state: State = { instances: Object.freeze([]), index: 0, failures: 0 }
  const watchers = new Set<(instances: readonly Instance[]) => void>()
  const closing = new AbortController()

  const tell = (onChange: (instances: readonly Instance[]) => void): void => {
    try {
      onChange(state.instances)
    } catch (error) {
      log.error('registry.watcher.failed', { service, error })
    }
  }

  const ask = async (): Promise<void> => {
    const begunMs = clock.monotonicMs()
    const { index: seen } = state
    const query = seen === 0 ? '' : `?index=${seen}&wait=${waitSeconds}s`
    const path = `/v1/health/service/${encodeURIComponent(service)}${query}`
    const { status, index, text } = await http.call({
      method: 'GET',
      path,
      timeoutMs: answerLimitMs,
      signal: closing.signal,
    })
    if (status !== 200) throw new Error(`The registry answered ${status}`)
    const instances = readHealthyInstances(text)
    state.failures = 0
    // An index that goes backwards is a registry that began anew.
    state.index = index < seen ? 0 : index
    if (!isDeepStrictEqual(instances, state.instances)) {
      state.instances = Object.freeze(instances)
      for (const onChange of watchers) tell(onChange)
    }
    // A registry that does not wait must not be asked without pause.
    const hasNews = index !== seen
    if (!hasNews && clock.monotonicMs() - begunMs < minRoundMs) await pause(minRoundMs)
  }

  const pause = async (ms: number): Promise<void> => {
    await delay(ms * (0.5 + Math.random()), undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
  }

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await ask()
      } catch (error) {
        if (closing.signal.aborted) return
        state.failures += 1
        if (state.failures === 1) log.warn('registry.unreachable', { service, error })
        await pause(Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(state.failures, 10)))
      }
    }
  }

  const running = run()
  return {
    instances: () => state.instances,
    watch(onChange) {
      const own = (instances: readonly Instance[]): void => onChange(instances)
      watchers.add(own)
      tell(own)
      return () => void watchers.delete(own)
    },
    isWatched: () => watchers.size > 0,
    async close() {
      closing.abort()
      await running
    },
  }
}
