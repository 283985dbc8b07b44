// Decides where a body is prepared: small ones here, large ones in a worker thread.
import type { Resource } from '@xinglin/core/fhir'
import type { WorkerPool } from '../../kernel/workers.ts'
import type { Answers } from '../bundle/addresses.ts'
import type { Plan } from '../bundle/plan.ts'
import { type Job, prepareOne, type RecordTarget, runJob } from './jobs.ts'
import type { Prepared, PrepareTools } from './types.ts'

/** Threads that run jobs, made from `prepare.worker.ts`. */
export type PreparePool = Pick<WorkerPool<Job, Prepared | Plan>, 'run'>

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
}

const largeCharacters = 256 * 1024

/** Creates the preparer. */
export function createPreparer(options: PreparerOptions): Preparer {
  const { tools, pool, maxEntries, types } = options
  const run = async (job: Job, signal: AbortSignal): Promise<Prepared | Plan> =>
    job.text.length > largeCharacters && pool !== undefined ? await pool.run(job, { signal }) : runJob(job, tools)
  return {
    async record(content, target, signal) {
      if (typeof content !== 'string') return prepareOne(content, target, tools)
      const result = await run({ kind: 'record', text: content, ...target }, signal)
      if ('columns' in result) return result
      throw new Error('The job of a record yielded something else')
    },
    async bundle(text, { baseUrl, deadline, answers }) {
      const job = { kind: 'bundle', text, baseUrl, maxEntries, types, answers: answers ?? null } as const
      const result = await run(job, deadline)
      if ('kind' in result) return result
      throw new Error('The job of a Bundle yielded something else')
    },
  }
}
