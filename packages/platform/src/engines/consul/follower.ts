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
  watch(onChange: OnChange): () => void
  readonly isWatched: () => boolean
  close(): Promise<void>
}

const waitSeconds = 55
const answerLimitMs = waitSeconds * 1000 * 1.25 + 5000 // the registry adds up to a sixteenth
const firstRetryMs = 100
const maxRetryMs = 5000
const minRoundMs = 500

type OnChange = (instances: readonly Instance[]) => void

interface State {
  instances: readonly Instance[]
  index: number
  failures: number
}

function createWatchers(service: string, log: Logger) {
  const watchers = new Set<OnChange>()
  const tell = (onChange: OnChange, instances: readonly Instance[]): void => {
    try {
      onChange(instances)
    } catch (error) {
      log.error('registry.watcher.failed', { service, error })
    }
  }
  return {
    add(onChange: OnChange, now: readonly Instance[]): () => void {
      const own: OnChange = (instances) => onChange(instances)
      watchers.add(own)
      tell(own, now)
      return () => void watchers.delete(own)
    },
    tellAll(instances: readonly Instance[]): void {
      for (const onChange of watchers) tell(onChange, instances)
    },
    isEmpty: () => watchers.size === 0,
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined)
}

/** Begins to follow a service. */
export function followService(service: string, { http, log, clock }: FollowerParts): Follower {
  const state: State = { instances: Object.freeze([]), index: 0, failures: 0 }
  const watchers = createWatchers(service, log)
  const closing = new AbortController()
  const { signal } = closing

  const ask = async (): Promise<void> => {
    const begunMs = clock.monotonicMs()
    const { index: seen } = state
    const query = seen === 0 ? '' : `?index=${seen}&wait=${waitSeconds}s`
    const path = `/v1/health/service/${encodeURIComponent(service)}${query}`
    const { status, index, text } = await http.call({ method: 'GET', path, timeoutMs: answerLimitMs, signal })
    if (status !== 200) throw new Error(`The registry answered ${status}`)
    const instances = readHealthyInstances(text)
    state.failures = 0
    // An index that goes backwards is a registry that began anew.
    state.index = index < seen ? 0 : index
    if (!isDeepStrictEqual(instances, state.instances)) {
      state.instances = Object.freeze(instances)
      watchers.tellAll(instances)
    }
    // A registry that does not wait must not be asked without pause.
    if (index === seen && clock.monotonicMs() - begunMs < minRoundMs) await pause(minRoundMs, signal)
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await ask()
      } catch (error) {
        if (signal.aborted) return
        state.failures += 1
        if (state.failures === 1) log.warn('registry.unreachable', { service, error })
        await pause(Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(state.failures, 10)), signal)
      }
    }
  }

  const running = run()
  return {
    instances: () => state.instances,
    watch: (onChange) => watchers.add(onChange, state.instances),
    isWatched: () => !watchers.isEmpty(),
    async close() {
      closing.abort()
      await running
    },
  }
}
