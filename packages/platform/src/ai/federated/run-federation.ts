// A federation from its first weights to its last round; what was stored before a crash is where it goes on.
import { AppError } from '@xinglin/core/errors'
import {
  asFloat64,
  decodeNpy,
  type FeatureSums,
  type Moments,
  poolStatistics,
  type Weights,
} from '@xinglin/core/federated'
import { evaluateRound } from './evaluation-round.ts'
import { type Federation, type Round, type StoredStandardisation, toStored } from './federation.ts'
import type { ConnectedSite } from './roster.ts'
import { closeTraining, dropUnrecognisable, forgetWeights, listRounds, readRound } from './round-store.ts'
import { demandOk, forAll, type RunContext, reasonOf, tell, weightsKey, within } from './run-context.ts'
import { addBytes, readFederation, setRegistered, setStandardisation, setState } from './store.ts'
import { getWeights, putWeights } from './stored-weights.ts'
import { type RoundEnd, trainRound } from './training-round.ts'
import { waitForSites } from './wait-for-sites.ts'

const maxRounds = 10_000

async function reload(ctx: RunContext): Promise<Federation> {
  const federation = await readFederation(ctx.sql, ctx.id)
  if (federation === undefined) throw new AppError('not-found', `There is no federation ${ctx.id}`)
  return federation
}

// As Flower does: training starts from the weights of one site, the first that can give them.
async function firstWeights(ctx: RunContext): Promise<void> {
  await waitForSites(ctx, ctx.plan.minSites)
  const refusals: string[] = []
  for (const site of ctx.roster.sites()) {
    try {
      const signal = within(ctx, ctx.plan.deadlineSeconds)
      const { answer, sentBytes, receivedBytes } = await site.stream.ask({ kind: 'parameters', config: {} }, signal)
      demandOk(answer.status)
      const weights = answer.tensors.map(decodeNpy)
      if (weights.length === 0) throw new AppError('unprocessable', 'it gave no array')
      const key = weightsKey(ctx.id, 0, 'weights')
      await putWeights(ctx.blobs, key, weights)
      await ctx.sql.transaction(async (tx) => {
        await addBytes(tx, { federation: ctx.id, name: site.name }, { sent: sentBytes, received: receivedBytes })
        const round = { number: 0, at: ctx.clock.now(), returned: 1, weightsKey: key, momentsKey: null }
        await closeTraining(tx, ctx.id, round)
      })
      return
    } catch (error) {
      refusals.push(`${site.name}: ${reasonOf(ctx, error)}`)
    }
  }
  throw new AppError('unavailable', `No site gave weights to start from (${refusals.join('; ')})`)
}

async function sumsOf(ctx: RunContext, site: ConnectedSite): Promise<FeatureSums> {
  const signal = within(ctx, ctx.plan.deadlineSeconds)
  const question = { kind: 'properties', config: { statistics: 'sums' } } as const
  const { answer, sentBytes, receivedBytes } = await site.stream.ask(question, signal)
  await ctx.sql.transaction((tx) =>
    addBytes(tx, { federation: ctx.id, name: site.name }, { sent: sentBytes, received: receivedBytes }),
  )
  demandOk(answer.status)
  const file = answer.properties.statistics
  if (!(file instanceof Uint8Array)) throw new AppError('unprocessable', 'it gave no sums')
  const array = decodeNpy(file)
  const [rows, features = 0] = array.shape
  if (rows !== 3 || array.shape.length !== 2) throw new AppError('unprocessable', 'sums are [3, features]')
  const values = asFloat64(array)
  const row = (index: number): Float64Array => values.slice(index * features, (index + 1) * features)
  return { count: row(0), sum: row(1), squares: row(2) }
}

async function standardise(ctx: RunContext): Promise<StoredStandardisation> {
  await waitForSites(ctx, ctx.plan.minSites)
  const sums: FeatureSums[] = []
  await forAll(ctx.roster.sites(), async (site) => {
    try {
      sums.push(await sumsOf(ctx, site))
    } catch (error) {
      await tell(ctx, { kind: 'site-dropped', site: site.name, detail: { reason: `sums: ${reasonOf(ctx, error)}` } })
    }
  })
  if (sums.length < ctx.plan.minSites) {
    throw new AppError('unavailable', `Only ${sums.length} of ${ctx.plan.minSites} sites gave sums of their features`)
  }
  const pooled = toStored(poolStatistics(sums))
  const detail = { features: pooled.mean.length, sites: sums.length }
  await tell(ctx, { kind: 'standardised', detail }, (tx) => setStandardisation(tx, ctx.id, pooled))
  return pooled
}

async function loadMoments(ctx: RunContext, round: Round): Promise<Moments | undefined> {
  if (round.momentsKey === null) return undefined
  const both = await getWeights(ctx.blobs, round.momentsKey)
  return { first: both.slice(0, both.length / 2), second: both.slice(both.length / 2) }
}

async function loadWeights(ctx: RunContext, round: Round): Promise<Weights> {
  if (round.weightsKey === null) throw new AppError('internal', `The weights of round ${round.number} were given up`)
  return getWeights(ctx.blobs, round.weightsKey)
}

// Only the newest and the best weights are kept.
async function tidy(ctx: RunContext, newest: number): Promise<void> {
  const { bestRound } = await reload(ctx)
  const rounds = await listRounds(ctx.sql, ctx.id, { after: -1, count: maxRounds })
  for (const { number, weightsKey: key, momentsKey } of rounds) {
    if (key === null || number === newest || number === bestRound) continue
    await ctx.sql.transaction((tx) => forgetWeights(tx, ctx.id, number))
    await ctx.blobs.delete(key)
    if (momentsKey !== null) await ctx.blobs.delete(momentsKey)
  }
}

async function publish(ctx: RunContext): Promise<void> {
  const federation = await reload(ctx)
  const round = await readRound(ctx.sql, ctx.id, federation.bestRound ?? undefined)
  if (round === undefined || federation.registered !== null || ctx.plan.model === undefined) return
  const weights = await loadWeights(ctx, round)
  const result = await ctx.publish({ federation, round: round.number, weights })
  if ('reason' in result) return tell(ctx, { kind: 'not-registered', detail: { reason: result.reason } })
  const { model } = result
  await tell(ctx, { kind: 'registered', round: round.number, detail: { model } }, (tx) =>
    setRegistered(tx, ctx.id, model),
  )
}

async function finish(ctx: RunContext): Promise<void> {
  await publish(ctx)
  const { bestRound } = await reload(ctx)
  const detail = { rounds: ctx.plan.rounds, best: bestRound ?? ctx.plan.rounds }
  await tell(ctx, { kind: 'finished', detail }, (tx) =>
    setState(tx, ctx.id, { state: 'finished', at: ctx.clock.now() }),
  )
}

// A round is a trace of its own: the request that started the federation is long over.
async function inRound<T>({ telemetry, id, plan }: RunContext, number: number, work: () => Promise<T>): Promise<T> {
  const attributes = {
    'xinglin.federation.id': id,
    'xinglin.federation.round': number,
    'xinglin.federation.strategy': plan.strategy.kind,
  }
  const options = { kind: 'internal', service: 'federated', parent: undefined, attributes } as const
  const span = telemetry.startEntry('federation round', options)
  try {
    return await telemetry.within(span, work)
  } catch (error) {
    span.fail(error)
    throw error
  } finally {
    span.end()
  }
}

/**
 * Runs, or goes on with, a federation to its end.
 * @throws AppError 'unavailable' when too few sites take part; the reason of `ctx.signal` when that is aborted
 */
export async function runFederation(ctx: RunContext): Promise<void> {
  const newest = await readRound(ctx.sql, ctx.id)
  if (newest?.state === 'fit') await ctx.sql.transaction((tx) => dropUnrecognisable(tx, ctx.id, newest.number))
  if (newest === undefined) await firstWeights(ctx)
  const pooled = ctx.plan.standardise ? ((await reload(ctx)).standardisation ?? (await standardise(ctx))) : null
  if (newest?.state === 'aggregated' && newest.number > 0) {
    await evaluateRound(ctx, { number: newest.number, weights: await loadWeights(ctx, newest), pooled })
  }
  const done = newest === undefined ? 0 : newest.state === 'fit' ? newest.number - 1 : newest.number
  const last = await readRound(ctx.sql, ctx.id, done)
  if (last === undefined) throw new AppError('internal', `Round ${done} is not stored`)
  let end: RoundEnd = { weights: await loadWeights(ctx, last), moments: await loadMoments(ctx, last) }
  for (let number = done + 1; number <= ctx.plan.rounds; number++) {
    ctx.signal.throwIfAborted()
    const { weights: global, moments } = end
    end = await inRound(ctx, number, async () => {
      const trained = await trainRound(ctx, { number, global, moments, pooled })
      await evaluateRound(ctx, { number, weights: trained.weights, pooled })
      return trained
    })
    await tidy(ctx, number)
  }
  await finish(ctx)
}
