// Follows the healthy instances of one service.
import { isDeepStrictEqual } from 'node:util'
import type { Instance, Logger } from '../../kernel/ports.ts'
import { type FollowingParts, follow } from './blocking-query.ts'
import { readHealthyInstances } from './health-answer.ts'

/** A service that is followed. */
export interface Follower {
  readonly instances: () => readonly Instance[]
  /** Whether the registry has answered once. */
  readonly isKnown: () => boolean
  /** Calls back at once and on each change. */
  watch(onChange: OnChange): () => void
  readonly isWatched: () => boolean
  close(): Promise<void>
}

type OnChange = (instances: readonly Instance[]) => void

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

/** Begins to follow a service. */
export function followService(service: string, parts: FollowingParts): Follower {
  const state: { instances: readonly Instance[]; isKnown: boolean } = { instances: Object.freeze([]), isKnown: false }
  const watchers = createWatchers(service, parts.log)
  const close = follow(
    {
      path: `/v1/health/service/${encodeURIComponent(service)}`,
      about: { service },
      onAnswer({ status, text }) {
        if (status !== 200) throw new Error(`The registry answered ${status}`)
        const instances = readHealthyInstances(text)
        state.isKnown = true
        if (isDeepStrictEqual(instances, state.instances)) return
        state.instances = Object.freeze(instances)
        watchers.tellAll(instances)
      },
    },
    parts,
  )
  return {
    instances: () => state.instances,
    isKnown: () => state.isKnown,
    watch: (onChange) => watchers.add(onChange, state.instances),
    isWatched: () => !watchers.isEmpty(),
    close,
  }
}
