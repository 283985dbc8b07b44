// The threads that prepare large bodies, as the composition root starts and closes them.
import { createWorkerPool, type WorkerPool } from '../../kernel/workers.ts'
import type { Job, JobResult } from './jobs.ts'

/** Options of {@link createPreparePool}. */
export interface PreparePoolOptions {
  /** Most threads at a time. */
  readonly size: number
  /** Heap limit of a thread; default 1024. */
  readonly memoryMb?: number
  /** Longest run of a job; default 60 s. */
  readonly timeoutMs?: number
  /** The worker's module where it is not beside the sources (bundled images). */
  readonly module?: URL
}

/** Creates the pool; a thread starts with the first large body and ends when idle. */
export function createPreparePool(options: PreparePoolOptions): WorkerPool<Job, JobResult> {
  const { size, memoryMb = 1024, timeoutMs = 60_000 } = options
  const module = options.module ?? new URL('../prepare.worker.ts', import.meta.url)
  return createWorkerPool<Job, JobResult>({ module, size, memoryMb, timeoutMs })
}
