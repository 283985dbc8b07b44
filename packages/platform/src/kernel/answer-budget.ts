// Bounds the large answers under way: a client that does not read keeps its answer in memory, and a hundred of them fill it.
import type { ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'

/** The large answers under way. */
export interface AnswerBudget {
  /** Counts an answer until its connection has taken it. @throws AppError 'unavailable' when there is no room */
  take(response: ServerResponse, characters: number): void
}

const largeCharacters = 1_000_000
const stallMs = 60_000

/** Creates the budget; an answer that is alone always has room. */
export function createAnswerBudget(maxCharacters: number): AnswerBudget {
  const state = { used: 0 }
  return {
    take(response, characters) {
      if (characters < largeCharacters) return
      if (state.used > 0 && state.used + characters > maxCharacters) {
        throw new AppError('unavailable', 'Too many large answers are under way; ask again shortly, or for less', {
          retryAfterSeconds: 2,
        })
      }
      state.used += characters
      response.once('close', () => {
        state.used -= characters
      })
      response.setTimeout(stallMs, () => response.destroy()) // nobody reads
    },
  }
}
