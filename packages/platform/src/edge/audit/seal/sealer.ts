// The sealer: one leased loop that chains events in the order of their transactions within a second, and signs checkpoints.
import { setTimeout as delay } from 'node:timers/promises'
import { type CheckpointTools, writeCheckpoint } from '../checkpoints/write-checkpoint.ts'
import { rebaseAfterRestore } from './restored.ts'
import { sealRipeEvents } from './seal-events.ts'
import { lease, lookForWork, release } from './seal-store.ts'

/** How the sealer works. */
export interface SealerOptions extends CheckpointTools {
  /** Names this sealer in its lease. */
  readonly holder: string
  /** Pause between two looks. */
  readonly everyMs: number
  /** Least time between two checkpoints while events keep coming. */
  readonly checkpointEveryMs: number
  /** Events of one pass; default 4000. */
  readonly perPass?: number
}

/** A sealer. */
export interface Sealer {
  start(): void
  /** Seals what is ripe and writes a checkpoint; returns how many events were sealed. */
  sealNow(): Promise<number>
  /** Whether the checkpoints outside the database say that the database lost sealed events. */
  isRolledBack(): boolean
  /** How long no pass came to its end. */
  silentMs(): number
  close(): Promise<void>
}

interface Loop {
  readonly options: SealerOptions
  readonly stop: AbortController
  running: Promise<void>
  isRebased: boolean
  isRolledBack: boolean
  isCheckpointDue: boolean
  checkpointAt: number
  /** When a pass last came to its end. */
  passedAt: number
  seenTo: string
}

const defaultPerPass = 4000
const passLimitMs = 60_000
const afterFailureMs = 2000

async function sealPass({ sql, holder, perPass = defaultPerPass }: SealerOptions): Promise<number> {
  return sql.transaction(
    async (tx) => {
      const state = await lease(tx, holder)
      return state === undefined ? 0 : sealRipeEvents(tx, state, perPass)
    },
    { timeoutMs: passLimitMs },
  )
}

async function sealAll(loop: Loop): Promise<number> {
  const { options } = loop
  const { sql, holder, perPass = defaultPerPass } = options
  const look = await lookForWork(sql, holder, loop.seenTo)
  if (!look.isFree) return 0
  if (!look.hasEvents) loop.seenTo = look.watermark
  let count = 0
  while (look.hasEvents || look.isRenewalDue) {
    const sealedNow = await sealPass(options)
    count += sealedNow
    if (sealedNow < perPass) break
  }
  if (count > 0) loop.isCheckpointDue = true
  return count
}

async function checkpointIfDue(loop: Loop, isWanted: boolean): Promise<void> {
  const { options } = loop
  const now = options.clock.monotonicMs()
  const isDue = loop.isCheckpointDue && now - loop.checkpointAt >= options.checkpointEveryMs
  if (!isDue && !isWanted) return
  const isRolledBack = (await writeCheckpoint(options)) === 'rolled-back'
  if (isRolledBack) options.log.error('audit.rolled-back', { folder: 'audit' })
  Object.assign(loop, { isRolledBack, isCheckpointDue: false, checkpointAt: now })
}

async function pass(loop: Loop, isCheckpointWanted = false): Promise<number> {
  const { options } = loop
  if (!loop.isRebased) {
    if (await rebaseAfterRestore(options.sql)) options.log.info('audit.restored')
    loop.isRebased = true
  }
  const count = await sealAll(loop)
  await checkpointIfDue(loop, isCheckpointWanted)
  loop.passedAt = options.clock.monotonicMs()
  return count
}

async function runLoop(loop: Loop): Promise<void> {
  const { options, stop } = loop
  while (!stop.signal.aborted) {
    const pauseMs = await pass(loop).then(
      () => options.everyMs,
      (error: unknown) => {
        options.log.warn('audit.seal.failed', { error })
        return Math.max(options.everyMs, afterFailureMs)
      },
    )
    await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined)
  }
}

/** Creates a sealer; `start` lets it run. */
export function createSealer(options: SealerOptions): Sealer {
  const loop: Loop = {
    options,
    stop: new AbortController(),
    running: Promise.resolve(),
    isRebased: false,
    isRolledBack: false,
    isCheckpointDue: true, // a file that is behind the database is completed at the start
    checkpointAt: Number.NEGATIVE_INFINITY,
    passedAt: options.clock.monotonicMs(),
    seenTo: '0',
  }
  return {
    start() {
      loop.running = runLoop(loop)
    },
    sealNow: () => pass(loop, true),
    isRolledBack: () => loop.isRolledBack,
    silentMs: () => options.clock.monotonicMs() - loop.passedAt,
    async close() {
      loop.stop.abort()
      await loop.running
      await pass(loop, loop.isCheckpointDue).catch((error: unknown) => options.log.warn('audit.seal.failed', { error }))
      await release(options.sql, options.holder).catch((error: unknown) =>
        options.log.warn('audit.release.failed', { error }),
      )
    },
  }
}
