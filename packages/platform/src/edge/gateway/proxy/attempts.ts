// Tries the addresses of a service in turn: again only what may be repeated, and only within a budget.
import { AppError } from '@xinglin/core/errors'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../kernel/ports.ts'
import { afterRequest, type RetryBudget, takeRetry } from '../balancing/retry-budget.ts'
import type { Targets } from '../balancing/targets.ts'
import type { ForwardOutcome } from './forward.ts'
import type { Origin } from './origins.ts'

/** The budgets of all services. */
export interface RetryBudgets {
  /** Counts a request that is no retry. */
  request(service: string): void
  /** Takes a retry; false when the service has none left. */
  take(service: string): boolean
}

/** What the attempts of one request need. */
export interface AttemptParts {
  readonly targets: Targets
  readonly budgets: RetryBudgets
  /** Whose budget it is. */
  readonly service: string
  /** Told each retry. */
  readonly onRetry: (service: string) => void
}

/** One attempt; `mayHold` says whether an answer that another target may better is to be kept from the client. */
export type Attempt = (origin: Origin, mayHold: () => boolean, hasOther: boolean) => Promise<ForwardOutcome>

const maxAttempts = 3
const maxServices = 2000

/** Creates budgets that are full. */
export function createRetryBudgets(clock: Clock): RetryBudgets {
  const budgets = new LRUCache<string, { budget: RetryBudget | undefined }>({ max: maxServices })
  const ofService = (service: string): { budget: RetryBudget | undefined } => {
    const known = budgets.get(service)
    if (known !== undefined) return known
    const made = { budget: undefined }
    budgets.set(service, made)
    return made
  }
  return {
    request(service) {
      const own = ofService(service)
      own.budget = afterRequest(own.budget, clock.monotonicMs())
    },
    take(service) {
      const own = ofService(service)
      const left = takeRetry(own.budget, clock.monotonicMs())
      if (left !== undefined) own.budget = left
      return left !== undefined
    },
  }
}

const nobody = (): AppError =>
  new AppError('unavailable', 'No instance of the service is there now; try again shortly', { retryAfterSeconds: 1 })

/**
 * Tries until a target has answered or no retry is left; resolves when the answer is complete or the client is gone.
 * @throws AppError of the last attempt, or 'unavailable' when no target may be tried
 */
export async function tryOrigins(origins: readonly Origin[], attempt: Attempt, parts: AttemptParts): Promise<void> {
  const { targets, budgets, service, onRetry } = parts
  budgets.request(service)
  const state: { last: AppError | undefined; isPaid: boolean } = { last: undefined, isPaid: false }
  const takeRetryOf = (): boolean => {
    const isTaken = budgets.take(service)
    if (isTaken) onRetry(service)
    return isTaken
  }
  for (let index = 0; index < maxAttempts; index += 1) {
    const origin = origins[index]
    if (origin === undefined) break
    if (!targets.isAvailable(origin.id)) continue
    if (state.last !== undefined && !state.isPaid && !takeRetryOf()) break
    state.isPaid = false
    const hasOther = index + 1 < maxAttempts && origins[index + 1] !== undefined && origins[index + 1]?.id !== origin.id
    const mayHold = (): boolean => {
      state.isPaid = hasOther && takeRetryOf()
      return state.isPaid
    }
    targets.start(origin.id, origin.rules)
    let outcome: ForwardOutcome
    try {
      outcome = await attempt(origin, mayHold, hasOther)
    } finally {
      targets.end(origin.id)
    }
    if (outcome.kind === 'answered' || outcome.kind === 'gone') return
    // One request is one failure, however often it was tried at the same address.
    if (outcome.seen !== undefined && origins[index - 1]?.id !== origin.id) targets.observe(origin.id, outcome.seen)
    if (outcome.kind === 'failed') throw outcome.error
    state.last = outcome.error
  }
  throw state.last ?? nobody()
}
