// The plan of a federation from what was asked for: defaults, and what does not go together.
import { AppError } from '@xinglin/core/errors'
import type { Strategy } from '@xinglin/core/federated'
import type { Static } from 'typebox'
import type { Plan } from './federation.ts'
import type { FederationBody } from './schemas.ts'

type Asked = Static<typeof FederationBody>

// Defaults of FedAdam as in Flower; see core's strategies for the paper.
const adam = { eta: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-9 }

function strategyOf(asked: Asked['strategy']): Strategy {
  if (asked === undefined) return { kind: 'fedavg' }
  return asked.kind === 'fedadam' ? { ...adam, ...asked } : asked
}

const ownNames: ReadonlySet<string> = new Set(['server_round', 'proximal_mu', 'standardisation'])

/** The whole plan. @throws AppError 'unprocessable' for names in `config` that the server sets itself */
export function planOf(asked: Asked): Plan {
  const { config = {}, model } = asked
  const taken = Object.keys(config).find((name) => ownNames.has(name))
  if (taken !== undefined) throw new AppError('unprocessable', `config.${taken} is set by the server`)
  return {
    strategy: strategyOf(asked.strategy),
    rounds: asked.rounds ?? 10,
    minSites: asked.minSites ?? 2,
    deadlineSeconds: asked.deadlineSeconds ?? 600,
    waitSeconds: asked.waitSeconds ?? 600,
    join: asked.join ?? 'token',
    metric: asked.metric ?? 'loss',
    standardise: asked.standardise ?? false,
    config,
    ...(model === undefined ? {} : { model }),
  }
}
