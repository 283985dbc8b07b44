// Applies the write rules of all services: reads are locked, the pending changes of the Bundle are laid over them.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Tx } from '../../kernel/sql.ts'
import { type Address, keyOf } from '../store/heads.ts'
import type { RuleStore } from '../store/rule-store.ts'
import type { Change, RuleRead, RuleView, WriteRule } from '../types.ts'

/** A change with the place of the request that it came from. */
export interface RuledChange {
  readonly change: Change
  readonly index: number | undefined
  /** The store has just made the id, so that nothing stored can refer to it. */
  readonly isFresh: boolean
}

interface Task {
  readonly rule: WriteRule
  readonly change: Change
  readonly index: number | undefined
  readonly reads: readonly RuleRead[]
}

// Each takes a lock, and PostgreSQL has room for some thousand in all.
const maxComparisons = 500

/** Checks all changes; throws `business-rule` with the findings, returns the warnings. */
export async function applyRules(
  tx: Tx,
  changes: readonly RuledChange[],
  rules: readonly WriteRule[],
  store: RuleStore,
): Promise<readonly Issue[]> {
  const tasks = changes.flatMap(({ change, index }) =>
    rules
      .filter((rule) => rule.types.includes(change.type))
      .map((rule): Task => ({ rule, change, index, reads: rule.reads?.(change) ?? [] })),
  )
  if (tasks.length === 0) return []
  const view = await readView(tx, tasks, changes, store)
  const issues = tasks.flatMap((task) => task.rule.check(task.change, view).map((issue) => placed(issue, task)))
  const errors = issues.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
  const [first] = errors
  if (first !== undefined) throw new AppError('business-rule', first.diagnostics, { issues: errors })
  return issues
}

function placed(issue: Issue, { rule, change, index }: Task): Issue {
  const ruled: Issue = { ...issue, rule: issue.rule ?? rule.id }
  if (index === undefined) return ruled
  const { expression } = issue
  const rest = expression?.startsWith(change.type) === true ? expression.slice(change.type.length) : ''
  const path = `Bundle.entry[${index}]`
  return { ...ruled, expression: `${path}.resource${rest}`, diagnostics: `${path}: ${issue.diagnostics}` }
}

async function readView(
  tx: Tx,
  tasks: readonly Task[],
  changes: readonly RuledChange[],
  store: RuleStore,
): Promise<RuleView> {
  const reads = tasks.flatMap((task) => task.reads)
  const addressesOf = (kind: 'record' | 'deleted') =>
    reads.flatMap((read) => (read.kind === kind ? addressOf(read.reference) : []))
  const asked = new Map(
    reads.flatMap((read) => (read.kind === 'referrers' ? [[referrerKey(read), read] as const] : [])),
  )
  const fresh = new Set(changes.filter(({ isFresh }) => isFresh).map(({ change }) => keyOf(change)))
  const compared = [...asked.values()].filter(({ to }) => !fresh.has(to)).length
  if (compared > maxComparisons) {
    const message = `A change may touch at most ${maxComparisons} records that a rule compares with others; split this one`
    throw new AppError('too-large', message)
  }
  const pending = new Map(changes.map(({ change }) => [keyOf(change), change.after]))
  const stored = await store.records(tx, addressesOf('record'))
  const deleted = await store.deleted(tx, addressesOf('deleted'))
  const referrers = new Map<string, readonly Resource[]>()
  for (const key of [...asked.keys()].toSorted()) {
    const read = asked.get(key)
    if (read === undefined) continue
    const known = fresh.has(read.to) ? [] : await store.referrers(tx, read)
    referrers.set(key, overlaid(known, read, changes, store))
  }
  return {
    record(reference) {
      const [address] = addressOf(reference)
      if (address === undefined) return undefined
      const key = keyOf(address)
      return pending.has(key) ? pending.get(key) : stored.get(key)
    },
    deleted(reference) {
      const [address] = addressOf(reference)
      return address === undefined ? undefined : deleted.get(keyOf(address))
    },
    referrers: (type, parameter, to) => referrers.get(referrerKey({ type, parameter, to })) ?? [],
  }
}

function addressOf(reference: string): readonly Address[] {
  const [, type, id] = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/.+)?$/.exec(reference) ?? []
  return type === undefined || id === undefined ? [] : [{ type, id }]
}

/** A read of the records that refer to another. */
export type ReferrersRead = RuleRead & { readonly kind: 'referrers' }

function referrerKey(read: Pick<ReferrersRead, 'type' | 'parameter' | 'to'>): string {
  return `${read.type}?${read.parameter}=${read.to}`
}

function overlaid(
  found: readonly Resource[],
  read: ReferrersRead,
  changes: readonly RuledChange[],
  store: RuleStore,
): readonly Resource[] {
  const ofType = changes.map(({ change }) => change).filter((change) => change.type === read.type)
  const changed = new Set(ofType.map((change) => change.id))
  const kept = found.filter((resource) => !changed.has(resource.id ?? ''))
  const pending = ofType.flatMap((change) =>
    change.after !== undefined && store.refers(change.after, read) ? [change.after] : [],
  )
  return [...kept, ...pending]
}
