// How much the answer to a Bundle may hold: ten thousand reads of large records would fill the memory.
import { AppError } from '@xinglin/core/errors'
import type { EntryAnswer } from './response.ts'

/** What is left of the room. */
export interface AnswerRoom {
  /** Counts an answer; that of a write for which there is no room comes back without its body. */
  keep(answer: EntryAnswer): EntryAnswer
  /** @throws AppError 'too-large' when nothing more may be read */
  demand(): void
}

const maxCharacters = 32_000_000

/** Makes the room of one Bundle. */
export function createAnswerRoom(): AnswerRoom {
  const state = { left: maxCharacters }
  return {
    keep(answer) {
      const { body, ...rest } = answer
      if (body === undefined) return answer
      if (state.left <= 0 && answer.location !== undefined) return rest
      state.left -= body.length
      return answer
    },
    demand() {
      if (state.left > 0) return
      throw new AppError('too-large', 'The answer to this Bundle is full; ask for the rest in another one')
    },
  }
}
