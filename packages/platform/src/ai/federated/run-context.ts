// What the phases of a running federation share.
import { AppError } from '@xinglin/core/errors'
import { encodeNpy, siteConfiguration, type Weights } from '@xinglin/core/federated'
import type { Blobs, Clock, Logger, Telemetry } from '../../kernel/ports.ts'
import type { Sql, Tx } from '../../kernel/sql.ts'
import type { Federation, FeedEvent, Plan, StoredStandardisation } from './federation.ts'
import type { Scalars, Status } from './flower/messages.ts'
import type { ConnectedSite, Roster } from './roster.ts'
import { addEvent } from './round-store.ts'

/** A federation that runs here. */
export interface RunContext {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly clock: Clock
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly id: string
  readonly plan: Plan
  readonly roster: Roster
  /** Aborted when the federation is cancelled, the lease is lost, or the process stops. */
  readonly signal: AbortSignal
  /** Puts the best model where it can be served; says where, or why not. */
  readonly publish: Publish
}

/** What is needed to tell the feed. */
export type Teller = Pick<RunContext, 'sql' | 'clock' | 'log' | 'id'>

/** Hands a finished model over. */
export type Publish = (finished: {
  readonly federation: Federation
  readonly round: number
  readonly weights: Weights
}) => Promise<{ readonly model: string } | { readonly reason: string }>

/** Changes the store and tells the feed in one transaction. */
export async function tell(ctx: Teller, event: FeedEvent, change?: (tx: Tx) => Promise<void>): Promise<void> {
  await ctx.sql.transaction(async (tx) => {
    await change?.(tx)
    await addEvent(tx, ctx.id, event, ctx.clock.now())
  })
  const { kind, round, site } = event
  ctx.log.info('federated.event', { federation: ctx.id, kind, round, site })
}

/** What the sites are told with every fit and evaluation of a round. */
export function configurationFor(ctx: RunContext, round: number, pooled: StoredStandardisation | null): Scalars {
  const { plan } = ctx
  const sent = pooled === null ? {} : { standardisation: standardisationFile(pooled) }
  return { ...plan.config, ...siteConfiguration(plan.strategy), server_round: round, ...sent }
}

// `.npy` of float64 [2, features]: means, then deviations.
function standardisationFile({ mean, deviation }: StoredStandardisation): Uint8Array {
  return encodeNpy({ type: 'float64', shape: [2, mean.length], data: Float64Array.from([...mean, ...deviation]) })
}

/** The deadline of a phase, or the end of the run. */
export function within(ctx: RunContext, seconds: number): AbortSignal {
  return AbortSignal.any([ctx.signal, AbortSignal.timeout(Math.max(1, seconds * 1000))])
}

/** Why a site dropped out, in words for people; what is not about the site is thrown on. */
export function reasonOf(ctx: RunContext, error: unknown): string {
  ctx.signal.throwIfAborted()
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'the deadline passed'
  if (error instanceof AppError && error.status < 500) return error.message
  if (error instanceof AppError && error.code === 'unavailable') return 'it went away'
  throw error
}

/** @throws AppError 'unprocessable' with the site's own words when it could not do as asked */
export function demandOk({ code, message }: Status): void {
  if (code !== 0) throw new AppError('unprocessable', `the site answered ${code}: ${message}`)
}

/** The finite numbers among the metrics of a site; at most 64, with names up to 100 characters. */
export function numbersOf(metrics: Scalars): Readonly<Record<string, number>> {
  const numbers = Object.entries(metrics).filter(
    (entry): entry is [string, number] =>
      typeof entry[1] === 'number' && Number.isFinite(entry[1]) && entry[0].length <= 100,
  )
  return Object.fromEntries(numbers.slice(0, 64))
}

/** Key of a file of weights in the blobs. */
export function weightsKey(id: string, round: number, part: string): string {
  return `federated/${id}/${round}/${part}`
}

/** Runs `work` for all sites at once. */
export async function forAll(
  sites: readonly ConnectedSite[],
  work: (site: ConnectedSite) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(sites.map(work))
  for (const one of settled) if (one.status === 'rejected') throw one.reason
}
