// Runs the federations that this process holds the lease on: begins, goes on after a crash, and cancels.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Blobs, Clock, Logger, Telemetry } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { Lobby } from './lobby.ts'
import { type ConnectedSite, createRoster, type Roster } from './roster.ts'
import { readRound } from './round-store.ts'
import { type Publish, type RunContext, tell } from './run-context.ts'
import { runFederation } from './run-federation.ts'
import { disconnectAll, holdLeases, readFederation, releaseLeases, setConnected, setState } from './store.ts'

/** What the coordinator needs. */
export interface CoordinatorOptions {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly clock: Clock
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly lobby: Lobby
  readonly publish: Publish
  /** Names this process in its leases. */
  readonly holder: string
  /** How long a lease lasts; renewed three times in that time. */
  readonly leaseMs: number
}

/** The coordinator. */
export interface Coordinator {
  start(): void
  /** Looks at once for what is to be run or ended. */
  poke(): void
  close(): Promise<void>
}

interface Run {
  readonly stop: AbortController
  readonly roster: Roster
  readonly ended: Promise<void>
}

class Interrupted extends Error {}

const failuresAllowed = 3
const pauseAfterFailureMs = 2000

function rosterFor(options: CoordinatorOptions, id: string): Roster {
  const { sql, clock, log } = options
  const note = (site: ConnectedSite, isConnected: boolean): void => {
    const { name, isRecognisable } = site
    const kind = isConnected ? 'site-joined' : 'site-left'
    tell({ sql, clock, log, id }, { kind, site: name }, (tx) =>
      setConnected(tx, { federation: id, name, isRecognisable }, { isConnected, at: clock.now() }),
    ).catch((error: unknown) => log.warn('federated.site.unnoted', { federation: id, error }))
  }
  return createRoster({ onCome: (site) => note(site, true), onGo: (site) => note(site, false) })
}

async function end(ctx: RunContext, error: unknown): Promise<void> {
  const reason = error instanceof AppError ? error.message : 'an error of the server; see its log'
  await tell(ctx, { kind: 'failed', detail: { reason } }, (tx) =>
    setState(tx, ctx.id, { state: 'failed', at: ctx.clock.now(), reason }),
  )
}

async function begin(ctx: RunContext): Promise<void> {
  const round = await readRound(ctx.sql, ctx.id)
  const isFirst = round === undefined
  const resumed = { kind: 'resumed', ...(isFirst ? {} : { round: round.number }) } as const
  const started = { rounds: ctx.plan.rounds, strategy: ctx.plan.strategy.kind }
  await tell(ctx, isFirst ? { kind: 'started', detail: started } : resumed, (tx) =>
    disconnectAll(tx, ctx.id, ctx.clock.now()),
  )
}

// A fault of the database or the disk passes; one that comes again and again is told and ends the federation.
async function keepRunning(ctx: RunContext): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      return await runFederation(ctx)
    } catch (error) {
      if (ctx.signal.aborted) throw error
      const isExpected = error instanceof AppError && error.code === 'unavailable'
      if (isExpected || failures >= failuresAllowed) {
        if (!isExpected) ctx.log.error('federated.failed', { federation: ctx.id, error })
        return end(ctx, error)
      }
      ctx.log.warn('federated.retried', { federation: ctx.id, error })
      await delay(pauseAfterFailureMs, undefined, { signal: ctx.signal, ref: false }).catch(() => undefined)
      ctx.signal.throwIfAborted() // what ended the pause ends the run
    }
  }
}

async function play(options: CoordinatorOptions, id: string, run: Omit<Run, 'ended'>): Promise<void> {
  const { lobby, log } = options
  const federation = await readFederation(options.sql, id)
  if (federation === undefined || federation.state !== 'running') return
  const { plan } = federation
  const ctx: RunContext = { ...options, id, plan, roster: run.roster, signal: run.stop.signal }
  try {
    await begin(ctx)
    lobby.open({ federation: id, takesStrangers: plan.join === 'open', roster: run.roster })
    await keepRunning(ctx)
  } catch (error) {
    if (!(error instanceof Interrupted)) log.error('federated.ended', { federation: id, error })
  }
  lobby.close(id)
  const after = await readFederation(options.sql, id).catch(() => undefined)
  if (after?.state === 'running') run.roster.sendBack()
  else run.roster.dismissAll()
}

/** Creates the coordinator; nothing runs before `start`. */
export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { sql, log, holder, leaseMs } = options
  const runs = new Map<string, Run>()
  const state: { timer?: NodeJS.Timeout; looking?: Promise<void>; isClosing: boolean } = { isClosing: false }
  const launch = (id: string): void => {
    const stop = new AbortController()
    const roster = rosterFor(options, id)
    const ended = play(options, id, { stop, roster })
      .catch((error: unknown) => log.error('federated.ended', { federation: id, error }))
      .finally(() => runs.delete(id))
    runs.set(id, { stop, roster, ended })
  }
  const look = async (): Promise<void> => {
    const held = new Set(await holdLeases(sql, holder, leaseMs))
    for (const [id, run] of runs) if (!held.has(id)) run.stop.abort(new Interrupted('no longer running here'))
    for (const id of held) if (!runs.has(id) && !state.isClosing) launch(id)
  }
  const lookOnce = (): Promise<void> => {
    state.looking ??= look()
      .catch((error: unknown) => log.warn('federated.lease.failed', { error }))
      .finally(() => delete state.looking)
    return state.looking
  }
  return {
    start() {
      void lookOnce()
      state.timer = setInterval(lookOnce, leaseMs / 3)
    },
    poke: () => void lookOnce().then(lookOnce),
    async close() {
      state.isClosing = true
      clearInterval(state.timer)
      await state.looking
      for (const { stop } of runs.values()) stop.abort(new Interrupted('the process stops'))
      await Promise.all([...runs.values()].map(({ ended }) => ended))
      await releaseLeases(sql, holder).catch((error: unknown) => log.warn('federated.lease.kept', { error }))
    },
  }
}
