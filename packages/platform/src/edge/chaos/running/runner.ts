// Runs one experiment at a time on the running system, in the background, and stores how it ended.
import { AppError } from '@xinglin/core/errors'
import type { CallService, Clock, Ids, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { Experiment, Step } from '../definitions/experiment.ts'
import { startGuard } from '../guard/guard.ts'
import { rescue } from '../guard/journal.ts'
import type { RegistryAddress } from '../registrations/registrations.ts'
import type { Occurrence } from '../run/execute.ts'
import { type RunOptions, runExperiment } from '../run/run.ts'
import { endExperiment, endForgotten, insertExperiment } from '../store/experiments.ts'
import { startProbes } from './probes.ts'
import { runningField } from './running-field.ts'

/** What running takes. */
export interface RunnerOptions {
  readonly sql: Sql
  readonly call: CallService
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Logger
  readonly registry: RegistryAddress
  /** Keeps what a rescue would need. */
  readonly journalFolder: string
  /** Default: those of every run. */
  readonly times?: RunOptions['times'] | undefined
}

/** Experiments on this system. */
export interface Runner {
  /** Begins; returns its id. @throws AppError 'conflict' while another one runs */
  start(experiment: Experiment, startedBy: string): Promise<string>
  /** Ends a running one and takes it back. @throws AppError 'not-found' when it does not run */
  abort(id: string): Promise<void>
  /** What has happened so far in a running one. */
  progress(id: string): readonly Occurrence[] | undefined
  /** Takes back what an earlier process left. */
  recover(): Promise<void>
  close(): Promise<void>
}

interface Running {
  readonly id: string
  readonly ending: AbortController
  readonly timeline: Occurrence[]
  readonly done: Promise<void>
}

// The services that an experiment meets.
function servicesMet(step: Step): readonly string[] {
  if (step.kind === 'injection') return step.choice.services
  return step.kind === 'serial' || step.kind === 'parallel' ? step.children.flatMap(servicesMet) : []
}

type End = Omit<Parameters<typeof endExperiment>[2], 'at'>

async function attempt(
  experiment: Experiment,
  { id, ending, timeline }: Omit<Running, 'done'>,
  options: RunnerOptions,
): Promise<End> {
  const { call, registry, journalFolder, log } = options
  const guard = startGuard(journalFolder)
  const probes = startProbes(
    call,
    [...new Set(servicesMet(experiment.root))].filter((name) => name !== '*'),
  )
  try {
    const report = await runExperiment(experiment, {
      field: runningField(registry, guard),
      load: { samples: probes.samples, acknowledged: [] },
      signal: ending.signal,
      missing: async () => [],
      onOccurrence: (occurrence) => timeline.push(occurrence),
      ...(options.times === undefined ? {} : { times: options.times }),
    })
    const reason = report.reasons.length === 0 ? {} : { reason: report.reasons.join('; ') }
    return { state: report.outcome, report, ...reason }
  } catch (error) {
    log.warn('chaos.experiment.failed', { id, error })
    return { state: 'failed', reason: error instanceof AppError ? error.message : 'it failed; the log tells more' }
  } finally {
    await probes.stop()
    await guard.end()
  }
}

// It has ended when everything is taken back.
async function perform(experiment: Experiment, running: Omit<Running, 'done'>, options: RunnerOptions): Promise<void> {
  const end = await attempt(experiment, running, options)
  await endExperiment(options.sql, running.id, { ...end, at: options.clock.now() })
}

/** Creates the runner; nothing runs yet. */
export function createRunner(options: RunnerOptions): Runner {
  const { sql, clock, ids, log } = options
  const state: { running?: Running | undefined } = {}
  return {
    async start(experiment, startedBy) {
      if (state.running !== undefined)
        throw new AppError('conflict', 'An experiment runs already; wait for it or abort it')
      const begun = { id: ids.uuid(), ending: new AbortController(), timeline: [] as Occurrence[] }
      const { name, kind, title } = experiment
      const stored = { id: begun.id, name, kind, title, startedBy, place: 'system', startedAt: clock.now() } as const
      const finished = Promise.withResolvers<void>()
      const finish = (): void => {
        state.running = undefined
        finished.resolve()
      }
      state.running = { ...begun, done: finished.promise }
      await insertExperiment(sql, stored).catch((error: unknown) => {
        finish()
        throw error
      })
      perform(experiment, begun, options)
        .catch((error: unknown) => log.error('chaos.experiment.not-ended', { id: begun.id, error }))
        .finally(finish)
      return begun.id
    },
    async abort(id) {
      const { running } = state
      if (running?.id !== id) throw new AppError('not-found', `The experiment ${id} does not run here now`)
      running.ending.abort()
      await running.done
    },
    progress: (id) => (state.running?.id === id ? state.running.timeline : undefined),
    async recover() {
      await endForgotten(sql, clock.now())
      for (const line of await rescue(options.journalFolder)) log.warn('chaos.rescued', { line })
    },
    async close() {
      state.running?.ending.abort()
      await state.running?.done
    },
  }
}
