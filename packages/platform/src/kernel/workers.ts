// A pool of worker threads for our own JavaScript: bounded queue, time and memory limits, threads only while there is work.
import { type Transferable, Worker } from 'node:worker_threads'
import { AppError } from '@xinglin/core/errors'
import type { AnswerMessage } from './worker-jobs.ts'

/** Options of {@link createWorkerPool}. */
export interface WorkerPoolOptions {
  /** The worker's module, which calls `serveJobs`. */
  readonly module: URL
  /** Most threads at a time. */
  readonly size: number
  /** Heap limit of a thread. */
  readonly memoryMb: number
  /** Most waiting jobs; more are refused with 503. Default 100. */
  readonly queueLimit?: number
  /** Longest run of a job; default 30 s. */
  readonly timeoutMs?: number
  /** A thread idle for so long is ended; default 30 s. */
  readonly idleMs?: number
  readonly workerData?: unknown
}

/** How one job is run. */
export interface JobOptions {
  /** Buffers that move to the worker; they cannot be used here afterwards. */
  readonly transfer?: readonly Transferable[]
  readonly signal?: AbortSignal
}

/** A running pool. */
export interface WorkerPool<Request, Result> {
  /** Runs a job. @throws AppError of the job itself, 'unavailable' (queue full), 'timeout', 'too-large' (memory) */
  run(request: Request, options?: JobOptions): Promise<Result>
  close(): Promise<void>
}

interface Job {
  readonly id: number
  readonly request: unknown
  readonly transfer: readonly Transferable[]
  readonly settle: (answer: AnswerMessage) => void
  readonly fail: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
}

const outOfMemory = 'ERR_WORKER_OUT_OF_MEMORY'

/** Creates a pool; no thread starts before the first job. */
export function createWorkerPool<Request, Result>(options: WorkerPoolOptions): WorkerPool<Request, Result> {
  const { queueLimit = 100, timeoutMs = 30_000, idleMs = 30_000 } = options
  const threads = new Set<Thread>()
  const queue: Job[] = []
  const state = { nextId: 1, isClosed: false }

  const retire = (thread: Thread, error: unknown): void => {
    if (!threads.delete(thread)) return
    clearTimeout(thread.timer)
    thread.job?.fail(error)
    thread.job = undefined
    void thread.worker.terminate() // resolves always; its end is of no further interest
    dispatch()
  }

  const startThread = (): Thread => {
    const worker = new Worker(options.module, {
      workerData: options.workerData,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb },
    })
    const thread: Thread = { worker, job: undefined, timer: undefined }
    threads.add(thread)
    worker.on('message', (answer: AnswerMessage) => {
      const { job } = thread
      if (job === undefined || job.id !== answer.id) return
      thread.job = undefined
      clearTimeout(thread.timer)
      job.settle(answer)
      rest(thread)
    })
    worker.on('error', (error) => {
      const isMemory = (error as { code?: string }).code === outOfMemory
      retire(
        thread,
        isMemory ? new AppError('too-large', 'The content needs more memory than its processing may use') : error,
      )
    })
    worker.on('exit', (code) => retire(thread, new Error(`A worker thread ended with code ${code}`)))
    return thread
  }

  const rest = (thread: Thread): void => {
    thread.worker.unref()
    thread.timer = setTimeout(() => retire(thread, new Error('The idle thread was ended')), idleMs).unref()
    dispatch()
  }

  const give = (thread: Thread, job: Job): void => {
    clearTimeout(thread.timer)
    thread.worker.ref()
    thread.job = job
    thread.timer = setTimeout(
      () => retire(thread, new AppError('timeout', 'The processing took too long and was stopped')),
      timeoutMs,
    )
    try {
      thread.worker.postMessage({ id: job.id, request: job.request }, [...job.transfer])
    } catch (error) {
      thread.job = undefined
      clearTimeout(thread.timer)
      job.fail(error) // what was given cannot be copied to a thread
      rest(thread)
    }
  }

  const dispatch = (): void => {
    while (queue.length > 0 && !state.isClosed) {
      const idle = [...threads].find((thread) => thread.job === undefined)
      const thread = idle ?? (threads.size < options.size ? startThread() : undefined)
      if (thread === undefined) return
      const job = queue.shift()
      if (job !== undefined) give(thread, job)
    }
  }

  const abandon = (id: number, reason: unknown): void => {
    const waiting = queue.findIndex((job) => job.id === id)
    if (waiting !== -1) queue.splice(waiting, 1)[0]?.fail(reason)
    const thread = [...threads].find((candidate) => candidate.job?.id === id)
    if (thread !== undefined) retire(thread, reason)
  }

  return {
    async run(request, { transfer = [], signal } = {}) {
      signal?.throwIfAborted()
      if (state.isClosed) throw new AppError('unavailable', 'The server is stopping')
      if (queue.length >= queueLimit) {
        throw new AppError('unavailable', 'Too much is waiting to be processed; try again shortly', {
          retryAfterSeconds: 1,
        })
      }
      const id = state.nextId++
      const onAbort = (): void => abandon(id, signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        const answer = await new Promise<AnswerMessage>((settle, fail) => {
          queue.push({ id, request, transfer, settle, fail })
          dispatch()
        })
        if (answer.kind === 'refused') throw new AppError(answer.code, answer.message, { issues: answer.issues })
        if (answer.kind === 'failed') throw answer.error
        return answer.result as Result // made by the worker's module for this pool
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
    async close() {
      state.isClosed = true
      const stopping = new AppError('unavailable', 'The server is stopping')
      for (const job of queue.splice(0)) job.fail(stopping)
      const workers = [...threads].map(({ worker }) => worker)
      for (const thread of [...threads]) retire(thread, stopping)
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
