// The worker's side of a pool: answers jobs one after another; errors of the house keep their code and issues on the way.
import { parentPort, type Transferable } from 'node:worker_threads'
import { AppError, type ErrorCode, type Issue } from '@xinglin/core/errors'

/** A job as sent to a worker. */
export interface JobMessage {
  readonly id: number
  readonly request: unknown
}

/** The answer to a job. */
export type AnswerMessage =
  | { readonly id: number; readonly kind: 'result'; readonly result: unknown }
  | {
      readonly id: number
      readonly kind: 'refused'
      readonly code: ErrorCode
      readonly message: string
      readonly issues: readonly Issue[]
    }
  | { readonly id: number; readonly kind: 'failed'; readonly error: unknown }

/** A result with the buffers that move to the other side instead of being copied. */
export interface JobResult<Result> {
  readonly result: Result
  readonly transfer?: readonly Transferable[]
}

function answerTo(id: number, error: unknown): AnswerMessage {
  if (!(error instanceof AppError)) return { id, kind: 'failed', error }
  return { id, kind: 'refused', code: error.code, message: error.message, issues: error.issues }
}

/** Serves jobs in a worker thread: call it once at the end of the worker's module. */
export function serveJobs<Request, Result>(
  work: (request: Request) => JobResult<Result> | Promise<JobResult<Result>>,
): void {
  const port = parentPort
  if (port === null) throw new Error('serveJobs must be called in a worker thread')
  const serve = async ({ id, request }: JobMessage): Promise<void> => {
    try {
      const { result, transfer } = await work(request as Request)
      port.postMessage({ id, kind: 'result', result } satisfies AnswerMessage, [...(transfer ?? [])])
    } catch (error) {
      port.postMessage(answerTo(id, error))
    }
  }
  port.on('message', (message: JobMessage) => void serve(message))
}
