// One hospital's part in training the mortality model: its stays never leave this object, only sums, weights and metrics do.
import { type Random, seededRandom } from '../../cohort/random.ts'
import { binaryCrossEntropy, createTrainer, type OpenSession, type Trainer, trainingGraph } from '../../learn/index.ts'
import type { SiteEvaluation } from '../metrics.ts'
import { type FeatureSums, type Standardisation, sumFeatures } from '../pooled-statistics.ts'
import { rocArea } from '../roc.ts'
import type { Weights } from '../weights.ts'
import type { IcuCohort } from './cohort.ts'
import { icuFeatures, stayBins } from './features.ts'
import { prepareStays, transformStays } from './inputs.ts'
import { fromWeights, icuModel, icuPreparedGraph, initialIcuWeights, toWeights } from './model.ts'

/** How a site trains in one round. */
export interface LocalTraining {
  readonly round: number
  readonly steps: number
  readonly learningRate: number
  /** FedProx: pull towards the weights that the round started from; 0 for none. */
  readonly proximalMu: number
  readonly standardisation: Standardisation
}

/** A hospital as far as training sees it. */
export interface IcuSite {
  /** Stays to train on, and stays held out. */
  readonly stays: { readonly training: number; readonly heldOut: number }
  initialWeights(): Weights
  /** Sums by feature over the training stays. */
  sums(): FeatureSums
  train(weights: Weights, how: LocalTraining): Promise<{ readonly weights: Weights; readonly loss: number }>
  /** Loss and area under the ROC curve on the held-out stays. */
  evaluate(weights: Weights, standardisation: Standardisation): Promise<SiteEvaluation>
  close(): Promise<void>
}

/** What a site is made of. */
export interface IcuSiteOptions {
  readonly open: OpenSession
  readonly cohort: IcuCohort
  /** Share of stays held out for evaluation, of those who died and of those who did not. */
  readonly heldOutShare: number
  readonly seed: number
}

const batch = 32
const cells = stayBins * icuFeatures.length
const inputCells = 2 * cells

function shuffled(random: Random, items: readonly number[]): readonly number[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.integer(0, last)
    const [a, b] = [order[last] ?? 0, order[other] ?? 0]
    order[last] = b
    order[other] = a
  }
  return order
}

/** Splits stays into training and held out, keeping the share of deaths in both. */
export function splitStays(
  died: Uint8Array,
  share: number,
  seed: number,
): { readonly training: readonly number[]; readonly heldOut: readonly number[] } {
  const random = seededRandom(seed)
  const groups = [0, 1].map((outcome) =>
    shuffled(
      random,
      [...died.keys()].filter((stay) => died[stay] === outcome),
    ),
  )
  const cut = (group: readonly number[]): number => Math.round(group.length * share)
  return {
    training: groups.flatMap((group) => group.slice(cut(group))),
    heldOut: groups.flatMap((group) => group.slice(0, cut(group))),
  }
}

function pick(values: Float32Array, stays: readonly number[], size: number): Float32Array {
  const picked = new Float32Array(stays.length * size)
  for (const [index, stay] of stays.entries()) picked.set(values.subarray(stay * size, (stay + 1) * size), index * size)
  return picked
}

// Passes over the stays in ever new orders, a batch at a time.
function* batches(random: Random, stays: readonly number[]): Generator<readonly number[], never> {
  for (;;) {
    const order = shuffled(random, stays)
    for (let start = 0; start + batch <= order.length || start === 0; start += batch) {
      yield order.slice(start, start + batch)
    }
  }
}

// Mean log loss of risks against outcomes.
function logLoss(risks: Float32Array, outcomes: readonly boolean[]): number {
  const tiny = 1e-7
  const sum = outcomes.reduce((total, outcome, index) => {
    const risk = Math.min(1 - tiny, Math.max(tiny, risks[index] ?? 0.5))
    return total - Math.log(outcome ? risk : 1 - risk)
  }, 0)
  return sum / Math.max(1, outcomes.length)
}

/** Risks of stays whose inputs are prepared, `[stays, 24, 24]`. */
export async function predictRisks(open: OpenSession, weights: Weights, inputs: Float32Array): Promise<Float32Array> {
  const session = await open(icuPreparedGraph(weights))
  try {
    const shape = [inputs.length / inputCells, stayBins, inputCells / stayBins]
    const { risk } = await session.run({ input: { datatype: 'FP32', shape, data: inputs } })
    return Float32Array.from(risk?.data as Float32Array)
  } finally {
    await session.close()
  }
}

/** Makes a site over its own stays. */
export async function createIcuSite({ open, cohort, heldOutShare, seed }: IcuSiteOptions): Promise<IcuSite> {
  const { died } = cohort
  const values = transformStays(cohort.values)
  const { training, heldOut } = splitStays(died, heldOutShare, seed)
  const outcomes = heldOut.map((stay) => died[stay] === 1)
  const graph = trainingGraph(icuModel, {
    loss: binaryCrossEntropy(),
    batch,
    adam: { clipNorm: 1, isProximal: true },
  })
  const trainer: Trainer = await createTrainer(open, graph, { seed })
  const prepared: { of?: Standardisation; inputs?: Float32Array } = {}
  const inputsFor = (standardisation: Standardisation): Float32Array => {
    if (prepared.inputs !== undefined && prepared.of === standardisation) return prepared.inputs
    prepared.of = standardisation
    prepared.inputs = prepareStays(values, standardisation)
    return prepared.inputs
  }
  return {
    stays: { training: training.length, heldOut: heldOut.length },
    initialWeights: () => initialIcuWeights(seed),
    sums: () => sumFeatures(pick(values, training, cells), icuFeatures.length),
    async train(weights, { round, steps, learningRate, proximalMu, standardisation }) {
      const anchor = fromWeights(weights)
      const inputs = inputsFor(standardisation)
      trainer.restore({ weights: anchor })
      const source = batches(seededRandom(seed * 1009 + round), training)
      const proximal = { anchor, strength: proximalMu }
      let total = 0
      for (let step = 0; step < steps; step++) {
        const stays = source.next().value ?? []
        const target = Float32Array.from(stays, (stay) => died[stay] ?? 0)
        total += await trainer.step({ input: pick(inputs, stays, inputCells), target, learningRate, proximal })
      }
      return { weights: toWeights(trainer.state().weights), loss: total / Math.max(1, steps) }
    },
    async evaluate(weights, standardisation) {
      const risks = await predictRisks(open, weights, pick(inputsFor(standardisation), heldOut, inputCells))
      const area = rocArea(risks, outcomes)?.area
      const metrics: Readonly<Record<string, number>> = area === undefined ? {} : { auc: area }
      return { examples: heldOut.length, loss: logLoss(risks, outcomes), metrics }
    },
    close: () => trainer.close(),
  }
}
