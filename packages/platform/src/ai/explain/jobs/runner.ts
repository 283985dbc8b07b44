// Works off explanation jobs, one at a time: sample by sample, so that a killed process goes on where it was.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { createWorkLoop, type WorkLoop } from '../../../kernel/work-loop.ts'
import type { RowResult } from '../answer.ts'
import type { ExplainRequest } from '../plan.ts'
import {
  claimJob,
  endJob,
  insertRow,
  type Job,
  type JobProblem,
  readRows,
  releaseJob,
  removeOldJobs,
  renewJob,
} from './store.ts'

/** How one request is worked off. */
export interface Work {
  readonly request: ExplainRequest
  /** Samples that need not be done again. */
  readonly finished: ReadonlySet<number>
  readonly signal: AbortSignal
  /** Told how many predictions are done. */
  readonly onProgress: (done: number) => void
  readonly onRow: (sample: number, result: RowResult) => Promise<void>
}

/** What the runner needs. */
export interface RunnerOptions {
  readonly sql: Sql
  readonly log: Logger
  /** Names this process. */
  readonly holder: string
  readonly keepDays: number
  readonly work: (work: Work) => Promise<void>
  /** Seconds after which a silent process has lost its job; default 15. */
  readonly leaseSeconds?: number
}

/** The running runner. */
export type Runner = WorkLoop

const lookEveryMs = 2000
const renewEveryMs = 1000
const sweepEveryMs = 3_600_000
const maxAttempts = 5

class Lost extends Error {}

function problemOf(error: unknown): JobProblem {
  if (error instanceof AppError) return { code: error.code, detail: error.message }
  return { code: 'internal', detail: 'The server failed; the operator finds the job by its id in the log' }
}

// A passing outage is waited out: the lease runs off, and the job is taken again. The model was there when the job began, so
// that it is not found means most often that the inference service is starting.
const isPassing = (error: unknown): boolean =>
  error instanceof AppError && ['unavailable', 'timeout', 'bad-gateway', 'not-found'].includes(error.code)

async function renewUntil(
  options: RunnerOptions,
  job: Job,
  state: { done: number },
  end: AbortController,
): Promise<void> {
  const { sql, holder, leaseSeconds = 15, log } = options
  while (!end.signal.aborted) {
    await delay(renewEveryMs, undefined, { signal: end.signal, ref: false }).catch(() => undefined)
    if (end.signal.aborted) return
    const isMine = await renewJob(sql, { id: job.id, holder, done: state.done, leaseSeconds }).catch(
      (error: unknown) => {
        log.warn('explain.job.renew.failed', { job: job.id, error })
        return true
      },
    )
    if (!isMine) end.abort(new Lost('the job was cancelled or taken over'))
  }
}

async function runJob(options: RunnerOptions, job: Job, stop: AbortSignal): Promise<void> {
  const { sql, holder, log } = options
  const state = { done: job.done }
  const end = new AbortController()
  const signal = AbortSignal.any([stop, end.signal])
  const renewing = renewUntil(options, job, state, end)
  try {
    if (job.attempts > maxAttempts) throw new AppError('unavailable', `The explanation was tried ${maxAttempts} times`)
    const finished = new Set((await readRows(sql, job.id)).map(({ sample }) => sample))
    const onProgress = (done: number): void => {
      state.done = done
    }
    const onRow = (sample: number, result: RowResult) => insertRow(sql, { job: job.id, sample, result })
    await options.work({ request: job.request, finished, signal, onProgress, onRow })
    await endJob(sql, job.id, { holder, state: 'done' })
    log.info('explain.job.done', { job: job.id })
  } catch (error) {
    if (stop.aborted) await releaseJob(sql, job.id, holder)
    else if (end.signal.reason instanceof Lost) log.info('explain.job.given-up', { job: job.id })
    else if (isPassing(error) && job.attempts < maxAttempts) log.warn('explain.job.retry', { job: job.id, error })
    else {
      await endJob(sql, job.id, { holder, state: 'failed', problem: problemOf(error) })
      log.warn('explain.job.failed', { job: job.id, error })
    }
  } finally {
    end.abort()
    await renewing
  }
}

/** Creates the runner; nothing runs before `start`. */
export function createRunner(options: RunnerOptions): Runner {
  const { sql, log, holder, leaseSeconds = 15, keepDays } = options
  const swept = { atMs: Number.NEGATIVE_INFINITY }
  return createWorkLoop({
    lookEveryMs,
    async work(stop) {
      if (performance.now() - swept.atMs > sweepEveryMs) {
        swept.atMs = performance.now()
        await removeOldJobs(sql, keepDays)
      }
      const job = await claimJob(sql, holder, leaseSeconds)
      if (job !== undefined) await runJob(options, job, stop)
      return job !== undefined
    },
    onFailure: (error) => log.warn('explain.jobs.failed', { error }),
  })
}
