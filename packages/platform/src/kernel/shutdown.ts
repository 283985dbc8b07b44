// The graceful stop: what was started last is closed first, within a deadline, once.
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from './ports.ts'

/** Options of {@link createShutdown}. */
export interface ShutdownOptions {
  readonly log: Logger
  /** For all steps together; default 15 s. */
  readonly deadlineMs?: number
}

/** The stop of a process. */
export interface Shutdown {
  /** Registers a step; steps run in reverse order. */
  add(name: string, close: () => Promise<void>): void
  /** Runs all steps once; later calls wait for the first. Says whether all were done in time and without error. */
  run(reason: string): Promise<boolean>
}

interface Step {
  readonly name: string
  readonly close: () => Promise<void>
}

const defaultDeadlineMs = 15_000

async function closeStep(step: Step, remainingMs: number, log: Logger): Promise<boolean> {
  const timer = new AbortController()
  const late = delay(Math.max(0, remainingMs), 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)
  try {
    const outcome = await Promise.race([step.close().then(() => 'closed' as const), late])
    if (outcome === 'late') log.error('stop.late', { step: step.name })
    return outcome === 'closed'
  } catch (error) {
    log.error('stop.failed', { step: step.name, error })
    return false
  } finally {
    timer.abort()
  }
}

/** Creates the stop of a process; nothing is registered yet. */
export function createShutdown(options: ShutdownOptions): Shutdown {
  const { log, deadlineMs = defaultDeadlineMs } = options
  const steps: Step[] = []
  const state: { running?: Promise<boolean> } = {}

  const runAll = async (reason: string): Promise<boolean> => {
    const startedMs = performance.now()
    log.info('stop.begun', { reason })
    let isClean = true
    for (const step of steps.toReversed()) {
      const isClosed = await closeStep(step, deadlineMs - (performance.now() - startedMs), log)
      isClean &&= isClosed
    }
    log.info('stop.done', { isClean, ms: Math.round(performance.now() - startedMs) })
    return isClean
  }

  const run = (reason: string): Promise<boolean> => {
    state.running ??= runAll(reason)
    return state.running
  }

  return {
    add(name, close) {
      steps.push({ name, close })
    },
    run,
  }
}
