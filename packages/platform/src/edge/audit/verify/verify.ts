// Verification: computes the whole trail again in bounded memory and compares it with the signed checkpoints.
import { setImmediate } from 'node:timers/promises'
import type { Queryable } from '../../../kernel/sql.ts'
import { readState, type SealState } from '../seal/seal-store.ts'
import { keyOf } from '../trail/payload.ts'
import { type CheckpointSource, type FeedItem, feedCheckpoints, openCheckpoints } from './checkpoint-feed.ts'
import { isErased, parsePayload } from './content.ts'
import { type ErasedEvent, type Fault, summarise, type TrailReport } from './report.ts'
import { payloadsUnder, type SealedRow, sealedRows, sealOutside, unsealedPage } from './trail-store.ts'
import { createWalk, type Walk } from './walk.ts'

/** What a verification needs. */
export interface VerifyOptions {
  readonly sql: Queryable
  /** The folder outside the database, with the checkpoints and the key. */
  readonly folder: string
  /** Told after each page. */
  readonly onProgress?: (checked: number, total: number) => void
  readonly signal?: AbortSignal
}

const perPage = 500
// Then others get their turn: hashing a page takes longer than a request may wait.
const rowsPerTurn = 100
const unsealedPerPage = 20_000
const maxFaults = 20
const maxErasedShown = 100

interface Run {
  readonly options: VerifyOptions
  readonly state: SealState
  readonly walk: Walk
  readonly feed: AsyncGenerator<FeedItem>
  readonly faults: Fault[]
  readonly warnings: string[]
  readonly erased: ErasedEvent[]
  erasedCount: number
  rows: number
  compared: number
  /** The checkpoint that waits for its size. */
  pending: Extract<FeedItem, { checkpoint: unknown }>['checkpoint'] | undefined
  lastGood: { readonly size: number; readonly at?: string }
  isRewritten: boolean
}

function addFaults(run: Run, faults: readonly Fault[]): void {
  run.faults.push(...faults.slice(0, Math.max(0, maxFaults - run.faults.length)))
}

async function nextCheckpoint(run: Run): Promise<void> {
  run.pending = undefined
  for (let item = await run.feed.next(); item.done !== true; item = await run.feed.next()) {
    if ('checkpoint' in item.value) {
      run.pending = item.value.checkpoint
      return
    }
    if ('fault' in item.value) addFaults(run, [item.value.fault])
    else run.warnings.push(item.value.warning)
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

// At the size of a checkpoint the computed root and chain must be those that were signed.
async function compareCheckpoints(run: Run): Promise<void> {
  const { walk } = run
  while (run.pending !== undefined && run.pending.size === walk.tree.size) {
    const { size, root, chain, at, number } = run.pending
    run.compared += 1
    if (!walk.isBroken() && !run.isRewritten) {
      if (root === hex(walk.tree.root()) && chain === hex(walk.chain())) run.lastGood = { size, at }
      else {
        run.isRewritten = true
        const detail = `the trail was rewritten: between place ${run.lastGood.size} and place ${size - 1} it differs from what checkpoint ${number}, signed at ${at}, says`
        addFaults(run, [{ kind: 'rewritten', seq: run.lastGood.size, detail }])
      }
    }
    await nextCheckpoint(run)
  }
}

/** Whether the trail tells of the erasure of an event. */
async function isErasureRecorded({ options }: Run, eventId: number): Promise<boolean> {
  const reference = `AuditEvent/${eventId}`
  const payloads = await payloadsUnder(options.sql, [keyOf('interaction', 'erase'), keyOf('entity', reference)])
  return payloads.map(parsePayload).some((payload) => {
    const isErasure = payload?.interaction === 'erase' && payload.outcome === 'success'
    return isErasure && Array.isArray(payload.entities) && payload.entities.includes(reference)
  })
}

async function noteErased(run: Run, { seq, eventId }: SealedRow): Promise<void> {
  run.erasedCount += 1
  if (run.erased.length < maxErasedShown) run.erased.push({ seq, eventId })
  if (await isErasureRecorded(run, eventId)) return
  const detail = 'its content was removed, but the trail tells of no erasure'
  addFaults(run, [{ kind: 'erased-without-record', seq, eventId, detail }])
}

async function walkSeals(run: Run): Promise<void> {
  const { options, state, walk } = run
  let held: SealedRow | undefined
  const take = async (row: SealedRow, next: SealedRow | undefined): Promise<void> => {
    addFaults(run, walk.step(row, next))
    run.rows += 1
    if (run.rows % rowsPerTurn === 0) await setImmediate()
    if (isErased(row)) await noteErased(run, row)
    await compareCheckpoints(run)
  }
  for (let from = 0; from < state.size; ) {
    options.signal?.throwIfAborted()
    const rows = await sealedRows(options.sql, { from, to: state.size, limit: perPage })
    for (const row of rows) {
      if (held !== undefined) await take(held, row)
      held = row
    }
    options.onProgress?.(run.rows, state.size)
    if (rows.length < perPage) break
    from = (rows.at(-1)?.seq ?? from) + 1
  }
  if (held !== undefined) await take(held, undefined)
}

function checkEnd(run: Run): void {
  const { state, walk, pending } = run
  const missing = state.size - walk.tree.size
  if (pending !== undefined && !walk.isBroken()) {
    const detail = `checkpoint ${pending.number}, signed at ${pending.at}, vouches for ${pending.size} events, but only ${walk.tree.size} are there: the end was deleted or an older database was put in place`
    addFaults(run, [{ kind: 'truncated', seq: walk.tree.size, detail }])
  } else if (missing > 0 && !walk.isBroken()) {
    addFaults(run, [{ kind: 'deleted', seq: walk.tree.size, detail: `the last ${missing} sealed events were deleted` }])
  }
  const isSame =
    hex(walk.chain()) === hex(state.chain) && hex(Buffer.concat(walk.tree.frontier)) === hex(state.frontier)
  if (!isSame && run.faults.length === 0) {
    addFaults(run, [{ kind: 'state-changed', detail: 'the end of the chain kept for the sealer was changed' }])
  }
}

async function checkOutside(run: Run): Promise<TrailReport['unsealed']> {
  const { options } = run
  const outside = await sealOutside(options.sql)
  if (outside !== undefined) {
    addFaults(run, [{ kind: 'inserted', ...outside, detail: 'a seal was inserted outside the chain' }])
  }
  let count = 0
  let oldest: Date | undefined
  for (let after: number | null = 0; after !== null; ) {
    options.signal?.throwIfAborted()
    const page = await unsealedPage(options.sql, after, unsealedPerPage)
    count += page.count
    if (page.oldest !== null && (oldest === undefined || page.oldest < oldest)) oldest = page.oldest
    if (page.strangerId !== null) {
      const detail = 'the event was inserted afterwards: its turn to be sealed had passed'
      addFaults(run, [{ kind: 'inserted', eventId: page.strangerId, detail }])
    }
    after = page.lastId
  }
  return { count, ...(oldest === undefined ? {} : { oldest: oldest.toISOString() }) }
}

function reportOf(run: Run, unsealed: TrailReport['unsealed']): TrailReport {
  const { walk, faults, warnings, lastGood } = run
  if (run.rows > 0 && run.compared === 0) warnings.push('No checkpoint outside the database vouches for the trail yet.')
  const report = {
    ok: faults.length === 0,
    sealed: run.rows,
    root: hex(walk.tree.root()),
    chain: hex(walk.chain()),
    checkpoints: {
      count: run.compared,
      lastSize: lastGood.size,
      ...(lastGood.at === undefined ? {} : { lastAt: lastGood.at }),
    },
    afterLastCheckpoint: Math.max(0, run.rows - lastGood.size),
    unsealed,
    erased: { count: run.erasedCount, first: run.erased },
    faults,
    warnings,
  }
  return { ...report, summary: summarise(report) }
}

function startRun(options: VerifyOptions, source: CheckpointSource, state: SealState): Run {
  return {
    options,
    state,
    walk: createWalk(),
    feed: feedCheckpoints(options.sql, source, state.trail),
    faults: [],
    warnings: [],
    erased: [],
    erasedCount: 0,
    rows: 0,
    compared: 0,
    pending: undefined,
    lastGood: { size: 0 },
    isRewritten: false,
  }
}

/**
 * Computes the trail again from its rows, compares it with the signed checkpoints outside the database, and names the
 * first row that was changed, deleted or inserted, what was erased by law, and what is not sealed yet. The system may run
 * meanwhile. Linear in the length of the trail, in bounded memory.
 */
export async function verifyTrail(options: VerifyOptions): Promise<TrailReport> {
  const source = await openCheckpoints(options.sql, options.folder)
  const state = await readState(options.sql)
  const run = startRun(options, source, state)
  await nextCheckpoint(run)
  await walkSeals(run)
  checkEnd(run)
  while (run.pending !== undefined) await nextCheckpoint(run) // also those behind the end have their signatures checked
  return reportOf(run, await checkOutside(run))
}
