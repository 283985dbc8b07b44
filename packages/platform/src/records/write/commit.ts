// The one way into the store: locks heads, decides, asks the rules, writes, and leaves the trail, all in one transaction.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { AuditEntry, Clock } from '../../kernel/ports.ts'
import type { Tx } from '../../kernel/sql.ts'
import { keepRestrictions, refuseLiftingOwn } from '../consent/keep-restrictions.ts'
import type { Preparer } from '../prepare/preparer.ts'
import { type Head, keyOf, lockHeads } from '../store/heads.ts'
import type { Rids } from '../store/rids.ts'
import type { RuleStore } from '../store/rule-store.ts'
import type { RecordContext, StoredVersion, WriteRule } from '../types.ts'
import { changeOf } from './change-of.ts'
import { type Decided, decide } from './changes.ts'
import type { Pending, Written } from './pending.ts'
import { checkTargets } from './references.ts'
import { applyRules } from './rules.ts'
import { leaveTrail, type TrailPorts } from './trail.ts'
import { unmodifiedOf } from './unmodified.ts'
import { writeDecided } from './write-decided.ts'

/** What a commit is made with. */
export interface CommitParts {
  readonly preparer: Pick<Preparer, 'patch'>
  readonly rules: readonly WriteRule[]
  readonly ruleStore: RuleStore
  readonly rids: Rids
  readonly trail: TrailPorts
  readonly clock: Clock
  readonly checkReferences: boolean
}

/** Who changes, and by which interaction (for the audit trail). */
export type CommitContext = RecordContext & { readonly interaction: string }

/** What a commit did, in the order of the changes. */
export interface Committed {
  readonly written: readonly Written[]
  readonly warnings: readonly Issue[]
}

/** Makes all changes or throws. Each record may appear once. */
export async function commitChanges(
  tx: Tx,
  changes: readonly Pending[],
  context: CommitContext,
  parts: CommitParts,
): Promise<Committed> {
  context.deadline.throwIfAborted()
  const heads = await lockTargets(tx, changes, context, parts.rules)
  const options = { context, now: parts.clock.now(), preparer: parts.preparer }
  const decided: (Decided | undefined)[] = []
  for (const pending of changes) {
    decided.push(await located(pending, () => decide(pending, heads.get(keyOf(pending)), options)))
  }
  const unmodified = await unmodifiedOf(tx, decided, context)
  const made = decided.filter((one) => one !== undefined).filter((one) => !unmodified.has(one))
  await refuseLiftingOwn(tx, made, context.access.read)
  const ruled = made.map((one) => {
    const { index, isFresh } = one.pending
    return { change: changeOf(one, options.now), index, isFresh }
  })
  const warnings = await applyRules(tx, ruled, parts.rules, parts.ruleStore)
  if (parts.checkReferences) await checkTargets(tx, made)
  const ordered = inOneOrder(made)
  const versions = await writeDecided(tx, ordered, parts.rids)
  await keepRestrictions(tx, ordered)
  const traces = ordered.map((one, at) => ({ version: versions[at] as StoredVersion, action: actions[one.kind] })) // same order
  const looks = [...unmodified.values()].map((version) => ({ version, action: 'R' as const }))
  await leaveTrail(tx, [...traces, ...looks], context, parts.trail)
  const empty = emptyDeletions(changes, decided, heads, context)
  if (empty.length > 0) await parts.trail.audit.append(tx, empty)
  const byPending = new Map<Pending, Written>([
    ...ordered.map((one, at) => [one.pending, { outcome: outcomes[one.kind], version: versions[at] }] as const),
    ...[...unmodified].map(([one, version]) => [one.pending, { outcome: 'existing', version }] as const),
  ])
  const written = changes.map((pending) => byPending.get(pending) ?? unchanged)
  return { written, warnings }
}

// Ids that are not there yet are taken in one order by all, so that two writers never wait for each other in a circle.
function inOneOrder(made: readonly Decided[]): readonly Decided[] {
  if (made.every((one) => one.head !== undefined || one.pending.isFresh)) return made
  return made.toSorted((a, b) => (keyOf(a.pending) < keyOf(b.pending) ? -1 : 1))
}

const actions = { create: 'C', update: 'U', delete: 'D' } as const
const outcomes = { create: 'created', update: 'updated', delete: 'deleted' } as const

const unchanged: Written = { outcome: 'unchanged', version: undefined }

const entitiesPerEntry = 100

// A deletion of nothing answers alike whether nothing is there or the caller may not see it; the trail tells them apart.
function emptyDeletions(
  changes: readonly Pending[],
  decided: readonly unknown[],
  heads: ReadonlyMap<string, Head>,
  { caller, traceId, interaction }: CommitContext,
): readonly AuditEntry[] {
  const empty = changes.filter((_pending, at) => decided[at] === undefined).map(keyOf)
  const hidden = empty.filter((key) => heads.get(key)?.visible === false)
  const absent = empty.filter((key) => heads.get(key)?.visible !== false)
  const entriesOf = (keys: readonly string[], told: Pick<AuditEntry, 'outcome' | 'status' | 'reason'>) =>
    Array.from({ length: Math.ceil(keys.length / entitiesPerEntry) }, (_one, at): AuditEntry => {
      const entities = keys.slice(at * entitiesPerEntry, (at + 1) * entitiesPerEntry)
      return { ...told, caller, traceId, interaction, action: 'D', entities }
    })
  return [
    ...entriesOf(hidden, { outcome: 'refused', status: 404, reason: 'not-found' }),
    ...entriesOf(absent, { outcome: 'success', status: 204 }),
  ]
}

// The heads of all records that may be there already.
async function lockTargets(
  tx: Tx,
  changes: readonly Pending[],
  context: RecordContext,
  rules: readonly WriteRule[],
): Promise<ReadonlyMap<string, Head>> {
  const addresses = changes.filter((pending) => !pending.isFresh)
  const patched = new Set(changes.filter(({ method }) => method === 'PATCH').map(keyOf))
  const ruled = new Set(rules.flatMap((rule) => rule.types))
  return await lockHeads(tx, {
    addresses,
    // Who may write a type without reading it still meets its records; compartments and labels bound both.
    access: { ...context.access.read, types: 'all' },
    needsContent: (address) => ruled.has(address.type) || patched.has(keyOf(address)),
  })
}

async function located<T>(pending: Pending, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError) || pending.index === undefined) throw error
    const path = `Bundle.entry[${pending.index}]`
    const issues = error.issues.map((issue) => ({
      ...issue,
      expression: issue.expression === undefined ? path : `${path}.resource (${issue.expression})`,
      diagnostics: `${path}: ${issue.diagnostics}`,
    }))
    throw new AppError(error.code, `${path}: ${error.message}`, { issues, cause: error })
  }
}
