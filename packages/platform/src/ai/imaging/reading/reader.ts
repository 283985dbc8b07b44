// Works off readings one after another: leases one, follows it, and ends it as ready, failed or cancelled; a killed process loses nothing.
import { AppError } from '@xinglin/core/errors'
import type { Logger } from '../../../kernel/ports.ts'
import { createWorkLoop, type WorkLoop } from '../../../kernel/work-loop.ts'
import { type PipelinePorts, type PipelineWatch, runPipeline } from './pipeline.ts'
import type { Reading, ReadingStep } from './reading.ts'
import { type Ending, endReading, leaseReading, postponeReading, tellProgress } from './reading-store.ts'

/** What the reader works with. */
export interface ReaderOptions {
  readonly ports: PipelinePorts
  readonly log: Logger
  /** Names this process; unique. */
  readonly owner: string
  /** Time between two looks for work; default 1 s. */
  readonly lookEveryMs?: number
}

/** A running reader; what a stop interrupts is given back. */
export type Reader = WorkLoop

const maxAttempts = 5
const postponeSeconds = 10
const keepAliveMs = 10_000

/** Thrown inside a reading that shall go no further. */
class Stopped extends Error {}

// Faults of parts that may be well again later; everything else of a reading is its own fault.
function isPassing(error: unknown): boolean {
  return !(error instanceof AppError) || error.status >= 500
}

async function follow(reading: Reading, options: ReaderOptions, stop: AbortSignal): Promise<Ending> {
  const { ports, owner } = options
  const ending = new AbortController()
  const signal = AbortSignal.any([stop, ending.signal])
  const last: { step: ReadingStep; done: number; total: number } = { step: 'waiting', done: 0, total: 0 }
  const tell: PipelineWatch['tell'] = async (step, done, total) => {
    Object.assign(last, { step, done, total })
    signal.throwIfAborted()
    if (await tellProgress(ports.sql, owner, { id: reading.id, ...last })) return
    ending.abort(new Stopped())
    throw new Stopped()
  }
  // A step may be long; the lease is kept all the while, and a wish to cancel is noticed.
  const keepAlive = setInterval(() => {
    void tell(last.step, last.done, last.total).catch(() => undefined) // the step itself meets the end
  }, keepAliveMs).unref()
  try {
    return await runPipeline(reading, ports, { signal, tell })
  } catch (error) {
    throw signal.aborted && !stop.aborted ? new Stopped() : error
  } finally {
    clearInterval(keepAlive)
  }
}

async function endWith(reading: Reading, error: unknown, options: ReaderOptions): Promise<void> {
  const { ports, owner, log } = options
  const fields = { reading: reading.id, attempt: reading.attempts }
  if (error instanceof Stopped) {
    await endReading(ports.sql, owner, reading.id, { state: 'cancelled' })
    return log.info('imaging.reading.cancelled', fields)
  }
  if (isPassing(error) && reading.attempts < maxAttempts) {
    log.warn('imaging.reading.postponed', { ...fields, error })
    return await postponeReading(ports.sql, owner, reading.id, postponeSeconds)
  }
  const known = error instanceof AppError ? error : new AppError('internal', 'The reading failed; the log tells why')
  if (!(error instanceof AppError)) log.error('imaging.reading.failed', { ...fields, error })
  else log.info('imaging.reading.refused', { ...fields, code: known.code })
  await endReading(ports.sql, owner, reading.id, {
    state: 'failed',
    failureCode: known.code,
    failure: known.message,
  })
}

async function workOff(options: ReaderOptions, stop: AbortSignal): Promise<boolean> {
  const { ports, owner, log } = options
  const reading = await leaseReading(ports.sql, owner)
  if (reading === undefined) return false
  const startedMs = performance.now()
  try {
    const ending = await follow(reading, options, stop)
    await endReading(ports.sql, owner, reading.id, ending)
    log.info('imaging.reading.ready', { reading: reading.id, ms: Math.round(performance.now() - startedMs) })
  } catch (error) {
    // What a stop interrupts goes on in the next process, at once.
    if (stop.aborted) await postponeReading(ports.sql, owner, reading.id, 0)
    else await endWith(reading, error, options)
  }
  return true
}

/** Creates the reader; nothing runs before `start`. */
export function createReader(options: ReaderOptions): Reader {
  const { log, lookEveryMs = 1000 } = options
  return createWorkLoop({
    lookEveryMs,
    work: (stop) => workOff(options, stop),
    onFailure: (error) => log.warn('imaging.reader.failed', { error }),
    stopReason: new AppError('unavailable', 'The server is stopping'),
  })
}
