// Those who wait for a change: each says what it waits for and is woken by the topics that a change touched.
import { ConsulError } from './consul-error.ts'

/** What somebody waits for. */
export type Interest =
  | { readonly kind: 'topics'; readonly topics: readonly string[] }
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'prefix'; readonly prefix: string }

/** Somebody who waits. */
export interface Waiter {
  /** Resolves at the next change of interest, also one since the last call; false when the time is up or all ends. */
  woken(ms: number, signal: AbortSignal): Promise<boolean>
  /**
   * Whether a change of a key in the same folder wakes too; a new waiter begins so. Consul does that for keys that are
   * not there.
   */
  mindNeighbours(isWanted: boolean): void
  close(): void
}

/** All who wait in this process. */
export interface WakeUps {
  /** Opens a waiter; open it before reading, so that no change is missed. @throws ConsulError 429 when too many wait */
  open(interest: Interest): Waiter
  /** Wakes those concerned by the payload of a notification; '' wakes all. */
  wake(payload: string): void
  /** How many wait. */
  count(): number
  /** Ends all waiting. */
  close(): void
}

interface Waiting {
  readonly interest: Interest
  mindsNeighbours: boolean
  isWoken: boolean
  wake: (() => void) | undefined
}

const retryAfterSeconds = '1'

// `config/app/` and `config/app` lie in `config/`.
const folderOf = (path: string): string => path.slice(0, path.replace(/\/$/, '').lastIndexOf('/') + 1)

function isNeighbour(interest: Interest, touched: string): boolean {
  if (interest.kind === 'topics') return false
  const name = /^(?:key|prefix):(.*)$/s.exec(touched)?.[1]
  return name?.startsWith(folderOf(interest.kind === 'key' ? interest.key : interest.prefix)) === true
}

function isConcerned({ interest, mindsNeighbours }: Waiting, touched: string): boolean {
  if (mindsNeighbours && isNeighbour(interest, touched)) return true
  if (interest.kind === 'topics') return interest.topics.includes(touched)
  const [kind, name] = touched.startsWith('key:')
    ? (['key', touched.slice(4)] as const)
    : touched.startsWith('prefix:')
      ? (['prefix', touched.slice(7)] as const)
      : (['other', ''] as const)
  if (kind === 'other') return false
  if (interest.kind === 'key') return kind === 'key' ? name === interest.key : interest.key.startsWith(name)
  return name.startsWith(interest.prefix) || (kind === 'prefix' && interest.prefix.startsWith(name))
}

// What is not understood may concern anybody.
function parseTopics(payload: string): readonly string[] | undefined {
  try {
    const topics: unknown = JSON.parse(payload)
    return Array.isArray(topics) ? topics.map(String) : undefined
  } catch {
    return undefined
  }
}

function waitOnce(waiting: Waiting, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      waiting.wake = undefined
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    waiting.wake = done
  })
}

/** Creates the wake-ups of a process; at most `maxWaiting` may wait. */
export function createWakeUps(maxWaiting: number): WakeUps {
  const all = new Set<Waiting>()
  const state = { isEnded: false }
  return {
    open(interest) {
      if (all.size >= maxWaiting) {
        throw new ConsulError(429, `${maxWaiting} blocking queries wait already; try again shortly`, {
          'retry-after': retryAfterSeconds,
        })
      }
      const waiting: Waiting = { interest, mindsNeighbours: true, isWoken: false, wake: undefined }
      all.add(waiting)
      return {
        async woken(ms, signal) {
          if (!waiting.isWoken && !state.isEnded && !signal.aborted) await waitOnce(waiting, ms, signal)
          const isWoken = waiting.isWoken
          waiting.isWoken = false
          return isWoken && !state.isEnded
        },
        mindNeighbours(isWanted) {
          waiting.mindsNeighbours = isWanted
        },
        close: () => void all.delete(waiting),
      }
    },
    wake(payload) {
      const touched = parseTopics(payload)
      for (const waiting of all) {
        if (touched !== undefined && !touched.some((topic) => isConcerned(waiting, topic))) continue
        waiting.isWoken = true
        waiting.wake?.()
      }
    },
    count: () => all.size,
    close() {
      state.isEnded = true
      for (const waiting of all) waiting.wake?.()
    },
  }
}
