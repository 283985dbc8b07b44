// Works the jobs off, one at a time: takes, keeps alive, computes out of process, and ends each in one transaction.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { EncryptedResults } from '../../kernel/ports.ts'
import { createWorkLoop, type WorkLoop } from '../../kernel/work-loop.ts'
import { contextPort, demandContext } from './contexts.ts'
import { keepBytes, readBytes, sweepLoose } from './kept-bytes.ts'
import type { PrivacyParts } from './parts.ts'
import { endJob, type JobEnd, keepJob, returnJob, takeJob } from './store/job-store.ts'
import { claimLoose, expireVectors, findVectors, insertVector } from './store/vector-store.ts'
import type { PrivateContext, PrivateJob, PrivateVector } from './types.ts'
import { askingAgain, demandGiven } from './withheld.ts'

/** The runner of a process; a job that a stop interrupts goes back to the queue. */
export type JobRunner = WorkLoop

const lookEveryMs = 2000
const keepEveryMs = 3000
const sweepEveryMs = 600_000
const maxAttempts = 3
const cancelled = new AppError('conflict', 'The computation was cancelled')
const lost = new AppError('conflict', 'Another process has taken the computation')
const stopping = new AppError('unavailable', 'The server is stopping')

interface Work {
  readonly parts: PrivacyParts
  readonly holder: string
  readonly stop: AbortSignal
}

// Tells the database that the job is alive, and the job that it was cancelled or lost.
async function keepAlive({ parts, holder }: Work, job: PrivateJob, told: { done: number }, stop: AbortController) {
  while (!stop.signal.aborted) {
    await delay(keepEveryMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    if (stop.signal.aborted) return
    const held = await keepJob(parts.sql, job.id, holder, told.done).catch(() => 'held' as const) // the next turn tells
    if (held !== 'held') stop.abort(held === 'lost' ? lost : cancelled)
  }
}

// A Consent may have come while the job waited.
async function demandStillGiven(
  parts: PrivacyParts,
  { owner, askedAs, inputs }: PrivateJob,
  context: PrivateContext,
  vectors: ReadonlyMap<string, PrivateVector>,
): Promise<void> {
  if (askedAs === undefined) return
  const named = Object.entries(inputs).flatMap(([name, id]) => {
    const vector = vectors.get(id)
    return vector === undefined ? [] : [[name, vector] as const]
  })
  await demandGiven(parts, askingAgain(owner, askedAs), context, named)
}

async function compute({ parts }: Work, job: PrivateJob, told: { done: number }, signal: AbortSignal) {
  const context = await demandContext(parts, job.contextId)
  const vectors = new Map((await findVectors(parts.sql, Object.values(job.inputs))).map((one) => [one.id, one]))
  await demandStillGiven(parts, job, context, vectors)
  const inputs = []
  for (const [name, id] of Object.entries(job.inputs)) {
    const vector = vectors.get(id)
    if (vector === undefined) throw new AppError('unprocessable', `The input "${name}" was removed before its turn`)
    inputs.push({ name, bytes: await readBytes(parts, vector.blob) })
  }
  return parts.encrypted.compute({
    ...{ context: contextPort(parts, context), inputs, program: job.program, signal },
    onProgress(done) {
      told.done = done
    },
  })
}

async function keepResults({ parts }: Work, job: PrivateJob, { results }: EncryptedResults) {
  const kept: PrivateVector[] = []
  for (const { name, bytes, ...facts } of results) {
    const id = parts.ids.uuid()
    const { contextId, owner, label, id: jobId } = job
    const own = { id, contextId, owner, label, jobId, output: name, patient: undefined, createdAt: parts.clock.now() }
    kept.push({ ...own, ...facts, ...(await keepBytes(parts, `privacy/vectors/${id}`, bytes)) })
  }
  return kept
}

async function finish(work: Work, job: PrivateJob, results: EncryptedResults): Promise<void> {
  const { parts, holder } = work
  const kept = await keepResults(work, job, results)
  await parts.sql.transaction(async (tx) => {
    if (!(await endJob(tx, job.id, holder, { state: 'done', done: results.operations }))) throw lost
    for (const vector of kept) await insertVector(tx, vector)
    await claimLoose(
      tx,
      kept.map(({ blob }) => blob),
    )
  })
}

function endOf(error: unknown, done: number): JobEnd {
  if (error === cancelled) return { state: 'cancelled', done }
  if (error instanceof AppError) return { state: 'failed', done, errorCode: error.code, error: error.message }
  return { state: 'failed', done, errorCode: 'internal', error: 'The server failed; its log tells more' }
}

async function fail(work: Work, job: PrivateJob, error: unknown, done: number): Promise<void> {
  const { parts, holder } = work
  if (error === lost) return
  if (error === stopping) return returnJob(parts.sql, job.id, holder, false)
  const isPassing = error instanceof AppError && error.code === 'unavailable'
  if (isPassing && job.attempts < maxAttempts) return returnJob(parts.sql, job.id, holder, true)
  if (!(error instanceof AppError)) parts.log.error('privacy.job.failed', { job: job.id, error })
  await endJob(parts.sql, job.id, holder, endOf(error, done))
}

async function runJob(work: Work, job: PrivateJob): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([work.stop, stop.signal])
  const told = { done: 0 }
  const keeping = keepAlive(work, job, told, stop)
  const startedMs = work.parts.clock.monotonicMs()
  try {
    if (job.attempts > maxAttempts) {
      throw new AppError(
        'unprocessable',
        `The computation ended its process ${maxAttempts} times and is not tried again`,
      )
    }
    await finish(work, job, await compute(work, job, told, signal))
    work.parts.log.info('privacy.job.done', { job: job.id, ms: Math.round(work.parts.clock.monotonicMs() - startedMs) })
  } catch (error) {
    await fail(work, job, signal.aborted ? signal.reason : error, told.done)
  } finally {
    stop.abort()
    await keeping
  }
}

async function sweep({ sql, settings, log, ...parts }: PrivacyParts): Promise<void> {
  const expired = await sql.transaction((tx) => expireVectors(tx, settings.keepDays))
  const removed = await sweepLoose({ sql, settings, log, ...parts })
  if (expired + removed > 0) log.info('privacy.swept', { expired, removed })
}

/** Creates the runner; nothing runs before `start`. */
export function createJobRunner(parts: PrivacyParts): JobRunner {
  const holder = parts.ids.uuid()
  const swept = { atMs: Number.NEGATIVE_INFINITY }
  return createWorkLoop({
    lookEveryMs,
    async work(stop) {
      const job = await takeJob(parts.sql, holder)
      if (job !== undefined) await runJob({ parts, holder, stop }, job)
      else if (parts.clock.monotonicMs() - swept.atMs > sweepEveryMs) {
        swept.atMs = parts.clock.monotonicMs()
        await sweep(parts)
      }
      return job !== undefined
    },
    onFailure: (error) => parts.log.warn('privacy.runner.failed', { error }),
    stopReason: stopping,
  })
}
