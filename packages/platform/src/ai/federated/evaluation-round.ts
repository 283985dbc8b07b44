// After training: every connected site tells how the new weights do on its own held-out stays.
import { AppError } from '@xinglin/core/errors'
import { encodeNpy, isBetter, pooledEvaluation, type SiteEvaluation, type Weights } from '@xinglin/core/federated'
import type { StoredStandardisation } from './federation.ts'
import type { Tensors } from './flower/messages.ts'
import type { ConnectedSite } from './roster.ts'
import { finishRound, listEvaluations, putEvaluation } from './round-store.ts'
import {
  configurationFor,
  demandOk,
  forAll,
  numbersOf,
  type RunContext,
  reasonOf,
  tell,
  within,
} from './run-context.ts'
import { addBytes, readFederation, setBest } from './store.ts'

const notOffered = 4 // Flower's code for a client without evaluate

interface Evaluating {
  readonly round: number
  readonly tensors: Tensors
  readonly pooled: StoredStandardisation | null
  readonly signal: AbortSignal
}

async function evaluateSite(ctx: RunContext, site: ConnectedSite, given: Evaluating): Promise<void> {
  const { round, tensors, pooled, signal } = given
  const name = site.name
  try {
    const config = configurationFor(ctx, round, pooled)
    const { answer, sentBytes, receivedBytes } = await site.stream.ask({ kind: 'evaluate', tensors, config }, signal)
    await ctx.sql.transaction((tx) =>
      addBytes(tx, { federation: ctx.id, name }, { sent: sentBytes, received: receivedBytes }),
    )
    if (answer.status.code === notOffered) return
    demandOk(answer.status)
    if (answer.examples < 1) return
    if (!Number.isFinite(answer.loss)) throw new AppError('unprocessable', 'its loss is not a finite number')
    const { examples, loss, metrics } = answer
    const evaluation = { round, site: name, examples, loss, metrics: numbersOf(metrics) }
    await ctx.sql.transaction((tx) => putEvaluation(tx, ctx.id, evaluation, ctx.clock.now()))
  } catch (error) {
    const reason = reasonOf(ctx, error)
    await tell(ctx, { kind: 'site-dropped', round, site: name, detail: { reason: `evaluation: ${reason}` } })
  }
}

function shown(pooled: SiteEvaluation | undefined): Readonly<Record<string, number>> {
  return pooled === undefined ? {} : { loss: pooled.loss, ...pooled.metrics }
}

/** Evaluates a round and notes the best one so far; a round that nobody evaluated is the best there is. */
export async function evaluateRound(
  ctx: RunContext,
  round: { readonly number: number; readonly weights: Weights; readonly pooled: StoredStandardisation | null },
): Promise<void> {
  const { number, pooled: standardisation } = round
  const signal = within(ctx, ctx.plan.deadlineSeconds)
  const given = { round: number, tensors: round.weights.map(encodeNpy), pooled: standardisation, signal }
  // Nobody waits again for a site that still owes its training.
  const sites = ctx.roster.sites().filter(({ stream }) => !stream.isLate)
  await forAll(sites, (site) => evaluateSite(ctx, site, given))
  const pooled = pooledEvaluation(await listEvaluations(ctx.sql, ctx.id, { from: number, to: number }))
  const value = shown(pooled)[ctx.plan.metric]
  await tell(ctx, { kind: 'evaluated', round: number, detail: shown(pooled) }, async (tx) => {
    await finishRound(tx, ctx.id, { number, pooled })
    const federation = await readFederation(tx, ctx.id, true)
    const best = federation?.bestValue ?? undefined
    if (value === undefined && best !== undefined) return
    if (value === undefined || isBetter(ctx.plan.metric, value, best)) {
      await setBest(tx, ctx.id, { round: number, value: value ?? null })
    }
  })
}
