// The one way into the store: locks heads, decides, asks the rules, writes, and leaves the trail, all in one transaction.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Clock } from '../../kernel/ports.ts'
import type { Tx } from '../../kernel/sql.ts'
import { resourceOf } from '../prepare/prepare-record.ts'
import type { PrepareTools } from '../prepare/types.ts'
import { type Head, keyOf, lockHeads, lockTexts } from '../store/heads.ts'
import type { NumberedRecords } from '../store/index-batch.ts'
import type { Rids } from '../store/rids.ts'
import type { RuleStore } from '../store/rule-store.ts'
import type { NewVersion } from '../store/version-batch.ts'
import { deleteIndexRows } from '../store/write-rows.ts'
import { writeVersions } from '../store/write-store.ts'
import type { RecordContext, StoredVersion, WriteRule } from '../types.ts'
import { type Decided, decide } from './changes.ts'
import type { Pending, Written } from './pending.ts'
import { checkTargets } from './references.ts'
import { applyRules } from './rules.ts'
import { leaveTrail, type TrailPorts } from './trail.ts'

/** What a commit is made with. */
export interface CommitParts {
  readonly tools: PrepareTools
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
  const heads = await lockTargets(tx, changes, context)
  const options = { context, now: parts.clock.now(), tools: parts.tools, baseUrl: context.baseUrl }
  const decided = changes.map((pending) => located(pending, () => decide(pending, heads.get(keyOf(pending)), options)))
  const made = decided.filter((one) => one !== undefined)
  const ruled = made.map((one) => ({ change: changeOf(one, options.now), index: one.pending.index }))
  const warnings = await applyRules(tx, ruled, parts.rules, parts.ruleStore)
  if (parts.checkReferences) await checkTargets(tx, made)
  const versions = await write(tx, made, parts.rids)
  const traces = made.map((one, at) => ({ version: versions[at] as StoredVersion, action: actions[one.kind] })) // same order
  await leaveTrail(tx, traces, context, parts.trail)
  const byPending = new Map(
    made.map((one, at) => [one.pending, { outcome: outcomes[one.kind], version: versions[at] }]),
  )
  const written = changes.map((pending) => byPending.get(pending) ?? unchanged(heads.get(keyOf(pending))))
  return { written, warnings }
}

const actions = { create: 'C', update: 'U', delete: 'D' } as const
const outcomes = { create: 'created', update: 'updated', delete: 'deleted' } as const

function unchanged(_head: Head | undefined): Written {
  return { outcome: 'unchanged', version: undefined }
}

// Ids that are about to be taken are locked by name, so that two creations of one id come after one another.
async function lockTargets(
  tx: Tx,
  changes: readonly Pending[],
  context: RecordContext,
): Promise<ReadonlyMap<string, Head>> {
  const known = changes.filter((pending) => !pending.isFresh)
  // Who may write a type without reading it still meets its records; compartments and labels bound both.
  const bounds = { ...context.access.read, types: 'all' } as const
  const heads = await lockHeads(tx, known, bounds)
  const missing = known.filter((pending) => pending.method !== 'DELETE' && !heads.has(keyOf(pending)))
  if (missing.length === 0) return heads
  await lockTexts(tx, missing.map(keyOf))
  const late = await lockHeads(tx, missing, bounds)
  return new Map([...heads, ...late])
}

function located<T>(pending: Pending, work: () => T): T {
  try {
    return work()
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

function changeOf(one: Decided, now: Date) {
  const { pending, kind, head, record } = one
  const parsed: { before?: Resource; after?: Resource } = {}
  return {
    kind,
    type: pending.type,
    id: pending.id,
    now,
    // Parsed only when a rule looks: most changes have no rule.
    get before(): Resource | undefined {
      if (kind === 'create' || head?.content === null || head === undefined) return undefined
      parsed.before ??= JSON.parse(head.content) as Resource
      return parsed.before
    },
    get after(): Resource | undefined {
      if (record === undefined) return undefined
      parsed.after ??= resourceOf(record)
      return parsed.after
    },
  }
}

async function write(tx: Tx, made: readonly Decided[], rids: Rids): Promise<readonly StoredVersion[]> {
  const numbers = await rids.take(tx, made.length)
  const versions = made.map((one, at) => newVersion(one, numbers[at] ?? 0))
  await deleteIndexRows(
    tx,
    made.flatMap((one) => (one.head === undefined || one.head.deleted ? [] : [one.head.rid])),
  )
  await writeVersions(tx, versions, numberedSets(made, numbers))
  return versions.map(({ rid, type, id, version, at, method, content, patients }) => ({
    rid,
    type,
    id,
    version,
    at,
    method,
    content: content ?? undefined,
    patients,
  }))
}

function newVersion(one: Decided, rid: number): NewVersion {
  const { pending, head, record, version, at, content } = one
  const { type, id, method, isFresh } = pending
  return {
    rid,
    type,
    id,
    version,
    at,
    method,
    content,
    // A deletion stays where the record was, so that the same callers learn of it.
    patients: record?.patients ?? head?.pats ?? (head?.pat == null ? [] : [head.pat]),
    labels: record?.labels ?? head?.lbl ?? [],
    clinicalDate: record?.clinicalDate ?? null,
    tok: record?.tok ?? '{}',
    isFresh,
  }
}

function numberedSets(made: readonly Decided[], numbers: readonly number[]): readonly NumberedRecords[] {
  const sets = new Map<NumberedRecords['prepared'], (number | undefined)[]>()
  for (const [at, { prepared, ordinal }] of made.entries()) {
    if (prepared === undefined) continue
    const rids = sets.get(prepared) ?? Array.from({ length: prepared.records.length }, () => undefined)
    rids[ordinal] = numbers[at]
    sets.set(prepared, rids)
  }
  return [...sets].map(([prepared, rids]) => ({ prepared, rids }))
}
