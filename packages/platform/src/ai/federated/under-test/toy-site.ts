// A site whose training is a sum, so that every round has a closed form: it adds its step to each weight.
import type { Weights } from '@xinglin/core/federated'
import { type JoinReport, joinFederation, type SiteWork } from '../flower/client.ts'

/** What the site is. */
export interface ToySite {
  readonly step: number
  readonly examples: number
  /** Awaited in each fit, with the round's number. */
  readonly before?: (round: number) => Promise<void>
  readonly work?: Partial<SiteWork>
}

/** The weights that a toy site offers to start from. */
export const toyStart: Weights = [
  { type: 'float32', shape: [2, 2], data: Float32Array.of(0, 1, 2, 3) },
  { type: 'float32', shape: [1], data: Float32Array.of(10) },
]

const plus = (weights: Weights, step: number): Weights =>
  weights.map((array) => ({ ...array, data: Float32Array.from(array.data as Float32Array, (value) => value + step) }))

/** Joins a toy site; resolves when it is dismissed. */
export function joinToy(
  address: string,
  site: ToySite,
  more: { readonly token?: string; readonly signal?: AbortSignal } = {},
): Promise<JoinReport> {
  const work: SiteWork = {
    parameters: async () => toyStart,
    async fit(weights, config) {
      await site.before?.(Number(config.server_round))
      return { weights: plus(weights, site.step), examples: site.examples, metrics: { step: site.step } }
    },
    evaluate: async (weights) => ({
      loss: Number(weights[0]?.data[0] ?? 0),
      examples: site.examples,
      metrics: { auc: 0.5 + site.step / 100 },
    }),
    ...site.work,
  }
  return joinFederation({ address, work, ...more })
}
