// Explains requests: opens the model, plans, and works the samples off one after the other, a few requests at a time.
import { AppError } from '@xinglin/core/errors'
import type { Settings } from '../../kernel/config.ts'
import type { Models } from '../../kernel/ports.ts'
import { type ExplainAnswer, type Explained, explainAnswer, type RowResult, rowResult } from './answer.ts'
import type { Work } from './jobs/runner.ts'
import { explainRow } from './methods.ts'
import { type ExplainRequest, type Plan, planExplanation } from './plan.ts'
import { openServedModel, type ServedModel } from './served-model.ts'
import type { explainSettings } from './settings.ts'

/** What explaining needs. */
export interface ExplainerOptions {
  readonly models: Models
  readonly settings: Settings<typeof explainSettings>
}

/** A checked request. */
export interface Prepared {
  /** With the version that is served now, so that a job does not mix two. */
  readonly request: ExplainRequest
  readonly explained: Explained
  readonly model: ServedModel
  readonly plan: Plan
}

/** The explainer of a process. */
export interface Explainer {
  /** Checks a request against its model. @throws AppError 'not-found' or 'unprocessable' */
  prepare(request: ExplainRequest, signal: AbortSignal): Promise<Prepared>
  /** Explains all samples at once. @throws AppError 'too-many-requests' when too many others are under way */
  explain(prepared: Prepared, signal: AbortSignal): Promise<ExplainAnswer>
  /** Works a job off. */
  work(work: Work): Promise<void>
  /** Runs work when not too much of it is under way. @throws AppError 'too-many-requests' */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

const mostAtOnce = 4

/** Lets timers and requests pass between two stretches of arithmetic. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Creates it. */
export function createExplainer({ models, settings }: ExplainerOptions): Explainer {
  const state = { underWay: 0 }
  const { batchRows } = settings

  async function prepare(request: ExplainRequest, signal: AbortSignal): Promise<Prepared> {
    const model = await openServedModel(models, request, { batchRows, signal })
    const plan = planExplanation(request, model, settings.maxEvaluations)
    const { name, version } = model
    const names = plan.groups.map((group) => group.name)
    const pinned = version === undefined ? request : { ...request, version }
    return { request: pinned, explained: { model: name, version: version ?? null, names }, model, plan }
  }

  async function explainSample({ model, plan }: Prepared, sample: number, given: GivenRow): Promise<RowResult> {
    const row = plan.rows[sample]
    if (row === undefined) throw new RangeError(`there is no sample ${sample}`)
    const game = { predict: model.predict, row, background: plan.background, groups: plan.groups }
    return rowResult(await explainRow(plan.choice, game, { batchRows, pause, ...given }))
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (state.underWay >= mostAtOnce) {
      const busy = `${mostAtOnce} explanations are under way; try again shortly, or ask for a job (Prefer: respond-async)`
      throw new AppError('too-many-requests', busy, { retryAfterSeconds: 2 })
    }
    state.underWay += 1
    try {
      return await work()
    } finally {
      state.underWay -= 1
    }
  }

  return {
    prepare,
    inTurn,
    explain: (prepared, signal) =>
      inTurn(async () => {
        const results: RowResult[] = []
        for (const sample of prepared.plan.rows.keys()) results.push(await explainSample(prepared, sample, { signal }))
        return explainAnswer(prepared.request, prepared.explained, results)
      }),
    async work({ request, finished, signal, onProgress, onRow }) {
      const prepared = await prepare(request, signal)
      const { rows, evaluations } = prepared.plan
      const each = evaluations / rows.length
      for (const sample of rows.keys()) {
        if (finished.has(sample)) continue
        const report = (done: number, total: number): void => onProgress(Math.round((sample + done / total) * each))
        await onRow(sample, await explainSample(prepared, sample, { signal, onProgress: report }))
      }
    },
  }
}

interface GivenRow {
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}
