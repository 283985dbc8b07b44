// What a hospital does for the ICU mortality model when the server asks: sums, first weights, training, evaluation.
import { AppError } from '@xinglin/core/errors'
import { asFloat64, decodeNpy, encodeNpy, poolStatistics, type Standardisation } from '@xinglin/core/federated'
import type { IcuSite } from '@xinglin/core/federated/icu'
import type { SiteWork } from '../flower/client.ts'
import type { Scalars } from '../flower/messages.ts'

const usualSteps = 20
const usualRate = 0.001
const maxSteps = 100_000

function numberOf(config: Scalars, name: string, usual: number): number {
  const value = config[name] ?? usual
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new AppError('unprocessable', `The server sent no number as ${name}`)
}

function standardisationOf(config: Scalars, site: IcuSite): Standardisation {
  const file = config.standardisation
  // A server that pools no statistics leaves each site with its own.
  if (!(file instanceof Uint8Array)) return poolStatistics([site.sums()])
  const values = asFloat64(decodeNpy(file))
  return { mean: values.slice(0, values.length / 2), deviation: values.slice(values.length / 2) }
}

function sumsFile(site: IcuSite): Uint8Array {
  const { count, sum, squares } = site.sums()
  const data = Float64Array.from([...count, ...sum, ...squares])
  return encodeNpy({ type: 'float64', shape: [3, count.length], data })
}

/**
 * The site's work. The server may set `local_steps` (20), `learning_rate` (0.001) and `proximal_mu`.
 * @param name told to servers that ask who the site is
 */
export function icuSiteWork(site: IcuSite, name: string): SiteWork {
  // The same statistics come with every question: they are read once.
  const known: { text?: string; standardisation?: Standardisation } = {}
  const standardisation = (config: Scalars): Standardisation => {
    const text = Buffer.from((config.standardisation as Uint8Array | undefined) ?? '').toString('base64')
    if (known.standardisation === undefined || known.text !== text) {
      known.standardisation = standardisationOf(config, site)
      known.text = text
    }
    return known.standardisation
  }
  return {
    properties: async (config) => ({
      site_name: name,
      ...(config.statistics === 'sums' ? { statistics: sumsFile(site) } : {}),
    }),
    parameters: async () => site.initialWeights(),
    async fit(weights, config) {
      const trained = await site.train(weights, {
        round: numberOf(config, 'server_round', 1),
        steps: Math.min(maxSteps, numberOf(config, 'local_steps', usualSteps)),
        learningRate: numberOf(config, 'learning_rate', usualRate),
        proximalMu: numberOf(config, 'proximal_mu', 0),
        standardisation: standardisation(config),
      })
      return { weights: trained.weights, examples: site.stays.training, metrics: { loss: trained.loss } }
    },
    evaluate: (weights, config) => site.evaluate(weights, standardisation(config)),
  }
}
