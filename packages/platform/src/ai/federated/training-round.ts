// One round of training: every connected site trains from the global weights; what returned in time is aggregated.
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import { aggregate, checkUpdate, decodeNpy, encodeNpy, type Moments, type Weights } from '@xinglin/core/federated'
import type { RoundSite, StoredStandardisation } from './federation.ts'
import type { Tensors } from './flower/messages.ts'
import type { Answered } from './flower/site-stream.ts'
import type { ConnectedSite } from './roster.ts'
import { closeTraining, listUpdates, openRound, putUpdate } from './round-store.ts'
import {
  configurationFor,
  demandOk,
  forAll,
  numbersOf,
  type RunContext,
  reasonOf,
  tell,
  weightsKey,
  within,
} from './run-context.ts'
import { addBytes } from './store.ts'
import { getWeights, putWeights } from './stored-weights.ts'
import { waitForSites } from './wait-for-sites.ts'

/** What a round starts from. */
export interface RoundStart {
  readonly number: number
  readonly global: Weights
  readonly moments: Moments | undefined
  readonly pooled: StoredStandardisation | null
}

/** What a round ended with. */
export interface RoundEnd {
  readonly weights: Weights
  readonly moments: Moments | undefined
}

const maxAttempts = 5
const catchUpMs = 1000

// Names of sites may hold any letter; names of blobs may not.
function siteKey(ctx: RunContext, round: number, site: string): string {
  return weightsKey(ctx.id, round, `site-${createHash('sha256').update(site).digest('hex').slice(0, 32)}`)
}

function updateOf(round: number, site: string, answered: Answered<'fit'> | undefined): RoundSite {
  return {
    round,
    site,
    outcome: 'dropped',
    reason: null,
    examples: null,
    metrics: null,
    weightsKey: null,
    seconds: null,
    bytesSent: answered?.sentBytes ?? 0,
    bytesReceived: answered?.receivedBytes ?? 0,
  }
}

async function storeUpdate(ctx: RunContext, update: RoundSite): Promise<void> {
  const { round, site, outcome, reason, examples, seconds, bytesReceived } = update
  const event =
    outcome === 'returned'
      ? {
          kind: 'site-returned' as const,
          detail: { examples: examples ?? 0, seconds: seconds ?? 0, bytes: bytesReceived },
        }
      : { kind: 'site-dropped' as const, detail: { reason: reason ?? '' } }
  await tell(ctx, { ...event, round, site }, async (tx) => {
    await putUpdate(tx, ctx.id, update, ctx.clock.now())
    await addBytes(tx, { federation: ctx.id, name: site }, { sent: update.bytesSent, received: bytesReceived })
  })
}

// The bytes of an answer that was refused have left the hospital all the same: they are counted.
async function trainSite(
  ctx: RunContext,
  start: RoundStart,
  site: ConnectedSite,
  sent: { readonly tensors: Tensors; readonly signal: AbortSignal },
): Promise<void> {
  const startedMs = ctx.clock.monotonicMs()
  const config = configurationFor(ctx, start.number, start.pooled)
  const held: { answered?: Answered<'fit'> } = {}
  const update = (): RoundSite => updateOf(start.number, site.name, held.answered)
  try {
    const answered = await site.stream.ask({ kind: 'fit', tensors: sent.tensors, config }, sent.signal)
    held.answered = answered
    const { answer } = answered
    demandOk(answer.status)
    if (answer.examples < 1) throw new AppError('unprocessable', 'it trained on no example')
    const weights = answer.tensors.map(decodeNpy)
    checkUpdate(weights, start.global)
    const key = siteKey(ctx, start.number, site.name)
    await putWeights(ctx.blobs, key, weights)
    await storeUpdate(ctx, {
      ...update(),
      outcome: 'returned',
      examples: answer.examples,
      metrics: numbersOf(answer.metrics),
      weightsKey: key,
      seconds: (ctx.clock.monotonicMs() - startedMs) / 1000,
    })
  } catch (error) {
    await storeUpdate(ctx, { ...update(), reason: reasonOf(ctx, error) })
  }
}

const returnedOnly = (updates: readonly RoundSite[]): readonly RoundSite[] =>
  updates.filter(({ outcome, weightsKey: key }) => outcome === 'returned' && key !== null)

async function returnedIn(ctx: RunContext, round: number): Promise<readonly RoundSite[]> {
  return returnedOnly(await listUpdates(ctx.sql, ctx.id, { from: round, to: round }))
}

async function attempt(ctx: RunContext, start: RoundStart, tensors: Tensors): Promise<readonly RoundSite[]> {
  const { number } = start
  const kept = new Set((await returnedIn(ctx, number)).map(({ site }) => site))
  await waitForSites(ctx, ctx.plan.minSites, kept)
  const sites = ctx.roster.sites().filter(({ name }) => !kept.has(name))
  const at = ctx.clock.now()
  const asked = sites.length + kept.size
  const deadlineAt = new Date(at.getTime() + ctx.plan.deadlineSeconds * 1000)
  await tell(ctx, { kind: 'round-opened', round: number, detail: { asked, kept: kept.size } }, (tx) =>
    openRound(tx, ctx.id, { number, at, deadlineAt, asked }),
  )
  await trainAll(ctx, start, sites, tensors)
  return returnedIn(ctx, number)
}

// A site that still owes an answer of an earlier round may catch up, but nobody waits for it alone.
async function trainAll(
  ctx: RunContext,
  start: RoundStart,
  sites: readonly ConnectedSite[],
  tensors: Tensors,
): Promise<void> {
  const signal = within(ctx, ctx.plan.deadlineSeconds)
  const giveUp = new AbortController()
  const patience = AbortSignal.any([signal, giveUp.signal])
  const late = sites.filter(({ stream }) => stream.isLate)
  const punctual = sites.filter((site) => !late.includes(site))
  const catchingUp = forAll(late, (site) => trainSite(ctx, start, site, { tensors, signal: patience }))
  await forAll(punctual, (site) => trainSite(ctx, start, site, { tensors, signal }))
  const isEnough = (await returnedIn(ctx, start.number)).length >= ctx.plan.minSites
  const reason = new AppError('unprocessable', 'it still works on an earlier round')
  const timer = isEnough ? setTimeout(() => giveUp.abort(reason), catchUpMs) : undefined
  await catchingUp
  clearTimeout(timer)
}

async function close(ctx: RunContext, start: RoundStart, returned: readonly RoundSite[]): Promise<RoundEnd> {
  const { number, global, moments } = start
  const updates = []
  for (const { weightsKey: key, examples } of returned) {
    if (key !== null) updates.push({ examples: examples ?? 0, weights: await getWeights(ctx.blobs, key) })
  }
  const { strategy } = ctx.plan
  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const end = await aggregate({ strategy, global, updates, round: number, moments }, pause)
  const keys = { weightsKey: weightsKey(ctx.id, number, 'weights'), momentsKey: weightsKey(ctx.id, number, 'moments') }
  await putWeights(ctx.blobs, keys.weightsKey, end.weights)
  if (end.moments !== undefined) {
    await putWeights(ctx.blobs, keys.momentsKey, [...end.moments.first, ...end.moments.second])
  }
  const momentsKey = end.moments === undefined ? null : keys.momentsKey
  const all = await listUpdates(ctx.sql, ctx.id, { from: number, to: number })
  const detail = { returned: returned.length, asked: all.length }
  await tell(ctx, { kind: 'aggregated', round: number, detail }, (tx) =>
    closeTraining(tx, ctx.id, {
      number,
      at: ctx.clock.now(),
      returned: returned.length,
      weightsKey: keys.weightsKey,
      momentsKey,
    }),
  )
  // No hospital's own weights are kept once they are part of the whole.
  for (const { weightsKey: key } of returned) if (key !== null) await ctx.blobs.delete(key)
  return { weights: end.weights, moments: end.moments }
}

/**
 * Trains one round; sites that already returned in an interrupted run of it are not asked again.
 * @throws AppError 'unavailable' when too few sites come or return, time after time
 */
export async function trainRound(ctx: RunContext, start: RoundStart): Promise<RoundEnd> {
  const tensors = start.global.map(encodeNpy)
  for (let tries = 1; tries <= maxAttempts; tries++) {
    const returned = await attempt(ctx, start, tensors)
    if (returned.length >= ctx.plan.minSites) return close(ctx, start, returned)
    const detail = { returned: returned.length, wanted: ctx.plan.minSites }
    await tell(ctx, { kind: 'round-short', round: start.number, detail })
  }
  throw new AppError(
    'unavailable',
    `In ${maxAttempts} tries of round ${start.number} fewer than ${ctx.plan.minSites} sites returned weights`,
  )
}
