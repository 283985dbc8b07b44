// Bounds the bodies under way in this process together: each within its own limit, a hundred of them would fill the memory.
import { AppError } from '@xinglin/core/errors'
import type { Ending } from '../ending.ts'

/** What one exchange takes of the budget. */
export interface BodyShare {
  /** Takes more, until the exchange ends. @throws AppError 'unavailable' when there is no room */
  take(bytes: number): void
}

/** The bodies under way. */
export interface BodyBudget {
  /** Opens the share of an exchange; it is given back when the exchange is over. */
  open(exchange: { readonly ending: Ending }): BodyShare
}

/** Creates the budget; a body that is alone always has room, its own limit bounds it. */
export function createBodyBudget(maxBytes: number): BodyBudget {
  const state = { used: 0 }
  return {
    open({ ending }) {
      const own = { bytes: 0, isOver: false }
      ending.add(() => {
        state.used -= own.bytes
        Object.assign(own, { bytes: 0, isOver: true })
      })
      return {
        take(bytes) {
          if (own.isOver) return // what still comes is read and dropped; nobody would give its room back
          const isAlone = state.used === own.bytes
          if (!isAlone && state.used + bytes > maxBytes) {
            throw new AppError('unavailable', 'Too many large bodies are under way; send this one again shortly', {
              retryAfterSeconds: 2,
            })
          }
          state.used += bytes
          own.bytes += bytes
        },
      }
    },
  }
}
