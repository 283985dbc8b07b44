// Decides where a body is prepared: small ones here, large ones in a worker thread.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { WorkerPool } from '../../kernel/workers.ts'
import type { Answers } from '../bundle/addresses.ts'
import type { Plan } from '../bundle/plan.ts'
import { type Job, type JobResult, prepareOne, type RecordTarget, runJob } from './jobs.ts'
import type { Prepared, PrepareTools } from './types.ts'

/** Threads that run jobs, made from `prepare.worker.ts`. */
export type PreparePool = Pick<WorkerPool<Job, JobResult>, 'run'>

/** What a preparer is made with. */
export interface PreparerOptions {
  readonly tools: PrepareTools
  /** Without a pool everything is prepared in the calling thread. */
  readonly pool?: PreparePool | undefined
  readonly maxEntries: number
  readonly types: readonly string[]
}

/** What is to be stored, as text or already parsed. */
export type Content = string | Resource

/** For whom a Bundle is planned; `answers` once its conditions are decided. */
export interface PlanRequest {
  readonly baseUrl: string
  readonly deadline: AbortSignal
  readonly answers?: Answers
}

/** Prepares bodies for the store. */
export interface Preparer {
  record(content: Content, target: RecordTarget, signal: AbortSignal): Promise<Prepared>
  bundle(text: string, request: PlanRequest): Promise<Plan>
  /** Changes a record by JSON Patch operations and prepares the result. */
  patch(
    content: string,
    change: { readonly target: RecordTarget; readonly operations: readonly unknown[] },
    signal: AbortSignal,
  ): Promise<Prepared>
  /** What $validate finds in a text. */
  findings(text: string, type: string, signal: AbortSignal): Promise<readonly Issue[]>
}

// The event loop answers everybody: hostile content of this size costs some 50 ms, ordinary content a few.
const largeCharacters = 16 * 1024

/** Creates the preparer. */
export function createPreparer(options: PreparerOptions): Preparer {
  const { tools, pool, maxEntries, types } = options
  const run = async (job: Job, signal: AbortSignal): Promise<JobResult> =>
    job.text.length > largeCharacters && pool !== undefined
      ? await pool.run(job, { signal, weight: job.text.length })
      : runJob(job, tools)
  return {
    async record(content, target, signal) {
      if (typeof content !== 'string') return prepareOne(content, target, tools)
      return preparedOf(await run({ kind: 'record', text: content, ...target }, signal))
    },
    async bundle(text, { baseUrl, deadline, answers }) {
      const job = { kind: 'bundle', text, baseUrl, maxEntries, types, answers: answers ?? null } as const
      const result = await run(job, deadline)
      if ('kind' in result && result.kind !== 'findings') return result
      throw new Error('The job of a Bundle yielded something else')
    },
    async patch(content, { target, operations }, signal) {
      return preparedOf(await run({ kind: 'patch', text: content, operations, ...target }, signal))
    },
    async findings(text, type, signal) {
      const result = await run({ kind: 'validation', text, type }, signal)
      if ('findings' in result) return result.findings
      throw new Error('The job of a validation yielded something else')
    },
  }
}

function preparedOf(result: JobResult): Prepared {
  if ('columns' in result) return result
  throw new Error('The job of a record yielded something else')
}
