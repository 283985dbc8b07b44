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
  /** How much work it is, in any unit; the lightest of the waiting jobs is taken first. Default 0. */
  readonly weight?: number
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
  readonly weight: number
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

interface Pool {
  readonly options: WorkerPoolOptions
  readonly threads: Set<Thread>
  readonly queue: Job[]
  nextId: number
  isClosed: boolean
}

const outOfMemory = 'ERR_WORKER_OUT_OF_MEMORY'
const defaultQueueLimit = 100
const defaultTimeoutMs = 30_000
const defaultIdleMs = 30_000

function retire(pool: Pool, thread: Thread, error: unknown): void {
  if (!pool.threads.delete(thread)) return
  clearTimeout(thread.timer)
  thread.job?.fail(error)
  thread.job = undefined
  void thread.worker.terminate() // resolves always; its end is of no further interest
  dispatch(pool)
}

function takeAnswer(pool: Pool, thread: Thread, answer: AnswerMessage): void {
  const { job } = thread
  if (job === undefined || job.id !== answer.id) return
  thread.job = undefined
  clearTimeout(thread.timer)
  job.settle(answer)
  rest(pool, thread)
}

function startThread(pool: Pool): Thread {
  const { module, workerData, memoryMb } = pool.options
  const worker = new Worker(module, { workerData, resourceLimits: { maxOldGenerationSizeMb: memoryMb } })
  const thread: Thread = { worker, job: undefined, timer: undefined }
  pool.threads.add(thread)
  worker.on('message', (answer: AnswerMessage) => takeAnswer(pool, thread, answer))
  worker.on('error', (error) => {
    const isMemory = (error as { code?: string }).code === outOfMemory
    const shown = isMemory
      ? new AppError('too-large', 'The content needs more memory than its processing may use')
      : error
    retire(pool, thread, shown)
  })
  worker.on('exit', (code) => retire(pool, thread, new Error(`A worker thread ended with code ${code}`)))
  return thread
}

function rest(pool: Pool, thread: Thread): void {
  thread.worker.unref()
  const end = (): void => retire(pool, thread, new Error('The idle thread was ended'))
  thread.timer = setTimeout(end, pool.options.idleMs ?? defaultIdleMs).unref()
  dispatch(pool)
}

function give(pool: Pool, thread: Thread, job: Job): void {
  clearTimeout(thread.timer)
  thread.worker.ref()
  thread.job = job
  const end = (): void => retire(pool, thread, new AppError('timeout', 'The processing took too long and was stopped'))
  thread.timer = setTimeout(end, pool.options.timeoutMs ?? defaultTimeoutMs)
  try {
    thread.worker.postMessage({ id: job.id, request: job.request }, [...job.transfer])
  } catch (error) {
    thread.job = undefined
    clearTimeout(thread.timer)
    job.fail(error) // what was given cannot be copied to a thread
    rest(pool, thread)
  }
}

// Work of a millisecond must not wait behind imports; among equals the oldest comes first.
function takeLightest(queue: Job[]): Job | undefined {
  let best = 0
  for (const [at, job] of queue.entries()) if (job.weight < (queue[best]?.weight ?? 0)) best = at
  return queue.splice(best, 1)[0]
}

function dispatch(pool: Pool): void {
  while (pool.queue.length > 0 && !pool.isClosed) {
    const idle = [...pool.threads].find((thread) => thread.job === undefined)
    const thread = idle ?? (pool.threads.size < pool.options.size ? startThread(pool) : undefined)
    if (thread === undefined) return
    const job = takeLightest(pool.queue)
    if (job !== undefined) give(pool, thread, job)
  }
}

function abandon(pool: Pool, id: number, reason: unknown): void {
  const waiting = pool.queue.findIndex((job) => job.id === id)
  if (waiting !== -1) pool.queue.splice(waiting, 1)[0]?.fail(reason)
  const thread = [...pool.threads].find((candidate) => candidate.job?.id === id)
  if (thread !== undefined) retire(pool, thread, reason)
}

function checkRoom(pool: Pool): void {
  if (pool.isClosed) throw new AppError('unavailable', 'The server is stopping')
  if (pool.queue.length < (pool.options.queueLimit ?? defaultQueueLimit)) return
  throw new AppError('unavailable', 'Too much is waiting to be processed; try again shortly', { retryAfterSeconds: 1 })
}

async function runJob(
  pool: Pool,
  request: unknown,
  { transfer = [], signal, weight = 0 }: JobOptions,
): Promise<unknown> {
  signal?.throwIfAborted()
  checkRoom(pool)
  const id = pool.nextId++
  const onAbort = (): void => abandon(pool, id, signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const answer = await new Promise<AnswerMessage>((settle, fail) => {
      pool.queue.push({ id, weight, request, transfer, settle, fail })
      dispatch(pool)
    })
    if (answer.kind === 'refused') throw new AppError(answer.code, answer.message, { issues: answer.issues })
    if (answer.kind === 'failed') throw answer.error
    return answer.result
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Creates a pool; no thread starts before the first job. */
export function createWorkerPool<Request, Result>(options: WorkerPoolOptions): WorkerPool<Request, Result> {
  const pool: Pool = { options, threads: new Set(), queue: [], nextId: 1, isClosed: false }
  return {
    // The worker's module answers with what this pool is declared to give.
    run: (request, jobOptions = {}) => runJob(pool, request, jobOptions) as Promise<Result>,
    async close() {
      pool.isClosed = true
      const stopping = new AppError('unavailable', 'The server is stopping')
      for (const job of pool.queue.splice(0)) job.fail(stopping)
      const workers = [...pool.threads].map(({ worker }) => worker)
      for (const thread of [...pool.threads]) retire(pool, thread, stopping)
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
