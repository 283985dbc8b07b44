// Federated rounds in one process: the same sites, strategies and evaluation as over the wire, without the wire.
import {
  aggregate,
  isBetter,
  pooledEvaluation,
  poolStatistics,
  type Standardisation,
  type Strategy,
  type Weights,
} from '@xinglin/core/federated'
import { createIcuSite, type IcuCohort, type IcuSite, initialIcuWeights } from '@xinglin/core/federated/icu'
import type { OpenSession } from '@xinglin/core/learn'

/** How long and how the sites train. */
export interface Schedule {
  readonly rounds: number
  readonly steps: number
  readonly learningRate: number
  readonly strategy: Strategy
  /** Share of each site's stays that decides which round is best. */
  readonly heldOutShare: number
  readonly seed: number
}

/** Fixed on validation stays of other splits, never on test folds. */
export const schedule: Schedule = Object.freeze({
  rounds: 40,
  steps: 20,
  learningRate: 0.001,
  strategy: { kind: 'fedavg' },
  heldOutShare: 0.15,
  seed: 2012,
} as const)

/** The best round's weights, by the area under the ROC curve on the sites' held-out stays. */
export interface Trained {
  readonly weights: Weights
  readonly standardisation: Standardisation
  readonly bestRound: number
  readonly heldOutArea: number
}

async function trainRound(
  sites: readonly IcuSite[],
  from: Weights,
  given: { readonly round: number; readonly schedule: Schedule; readonly standardisation: Standardisation },
): Promise<Weights> {
  const { round, schedule: how, standardisation } = given
  const { steps, learningRate, strategy } = how
  const proximalMu = strategy.kind === 'fedprox' ? strategy.proximalMu : 0
  const updates = []
  for (const site of sites) {
    const trained = await site.train(from, { round, steps, learningRate, proximalMu, standardisation })
    updates.push({ examples: site.stays.training, weights: trained.weights })
  }
  return (await aggregate({ strategy, global: from, updates, round }, async () => undefined)).weights
}

/** Trains over the cohorts, each a site; with one cohort it is plain training. */
export async function trainTogether(
  open: OpenSession,
  cohorts: readonly IcuCohort[],
  how: Schedule,
  onRound: (round: number, area: number) => void = () => undefined,
): Promise<Trained> {
  const { heldOutShare, seed } = how
  const sites: IcuSite[] = []
  for (const [index, cohort] of cohorts.entries()) {
    sites.push(await createIcuSite({ open, cohort, heldOutShare, seed: seed + index }))
  }
  const standardisation = poolStatistics(sites.map((site) => site.sums()))
  let weights = initialIcuWeights(seed)
  let best: Trained | undefined
  for (let round = 1; round <= how.rounds; round++) {
    weights = await trainRound(sites, weights, { round, schedule: how, standardisation })
    const said = []
    for (const site of sites) said.push(await site.evaluate(weights, standardisation))
    const heldOutArea = pooledEvaluation(said)?.metrics.auc ?? Number.NaN
    onRound(round, heldOutArea)
    if (isBetter('auc', heldOutArea, best?.heldOutArea)) {
      best = { weights, standardisation, bestRound: round, heldOutArea }
    }
  }
  for (const site of sites) await site.close()
  if (best === undefined) throw new Error('No site could tell how good the model is')
  return best
}
