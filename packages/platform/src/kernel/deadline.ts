// The deadline of a request: an AbortSignal that fires when the time is up or the client has gone; made only when asked for.
import type { ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'

/** A signal and the way to let go of its timer. */
export interface Deadline {
  readonly signal: AbortSignal
  release(): void
}

/** Starts the deadline of a request that is answered by `response`; `remainingMs` may be zero or less. */
export function startDeadline(response: ServerResponse, remainingMs: number): Deadline {
  const controller = new AbortController()
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort(new AppError('timeout', 'The client went away'))
  }
  const timer = setTimeout(
    () => controller.abort(new AppError('timeout', 'The answer did not come in time; ask for less or try again')),
    Math.max(0, remainingMs),
  )
  response.once('close', onClose)
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer)
      response.off('close', onClose)
    },
  }
}
