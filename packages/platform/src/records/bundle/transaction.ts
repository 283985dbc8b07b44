// A transaction Bundle: all or nothing, in the standard's order, answered in the order of the request.
import { AppError } from '@xinglin/core/errors'
import type { AuditEntry } from '../../kernel/ports.ts'
import type { Tx } from '../../kernel/sql.ts'
import { decideCondition, lockConditions } from '../conditions.ts'
import { asSql, type RecordParts } from '../parts.ts'
import { readRecord } from '../reads.ts'
import type { RecordContext } from '../types.ts'
import { commitChanges } from '../write/commit.ts'
import { inTransaction } from '../write/in-transaction.ts'
import type { Pending } from '../write/pending.ts'
import type { WriteAnswer } from '../writes.ts'
import type { Answers } from './addresses.ts'
import { createAnswerRoom } from './answer-room.ts'
import { entryPath } from './entry.ts'
import type { Plan, PlannedWrite } from './plan.ts'
import { readEntryTarget } from './read-entry.ts'
import { type EntryAnswer, type ReturnPreference, writeEntryAnswer, writeResponse } from './response.ts'

/** A Bundle as sent, with what was planned of it. */
export interface BundleRequest {
  readonly text: string
  readonly plan: Plan
  readonly prefer: ReturnPreference
}

type ReadyPlan = Plan & { readonly kind: 'transaction' }

/** Carries out the transaction and returns the response Bundle as text. */
export async function runTransaction(
  parts: RecordParts,
  context: RecordContext,
  request: BundleRequest,
): Promise<string> {
  return await inTransaction(parts.sql, parts.transactionMs, async (tx) => {
    const plan = await readyPlan(tx, parts, context, request)
    const answers = await carryOut(tx, plan, { parts, context, prefer: request.prefer })
    return writeResponse('transaction-response', answers)
  })
}

// A Bundle with conditions is planned a second time, now with their answers, while their locks are held.
async function readyPlan(
  tx: Tx,
  parts: RecordParts,
  context: RecordContext,
  { plan, text }: BundleRequest,
): Promise<ReadyPlan> {
  if (plan.kind === 'transaction') return plan
  if (plan.kind === 'batch') throw new Error('A batch is not a transaction')
  await lockConditions(tx, plan.questions, context.baseUrl)
  const without = new Set(plan.deleted)
  const answers: Record<string, string | null> = Object.create(null) // keys are the client's
  const until = parts.clock.monotonicMs() + conditionsMs
  for (const question of plan.questions) {
    if (parts.clock.monotonicMs() > until) throw tooCostly()
    const decide = () => decideCondition(tx, question, { context, findMatches: parts.findMatches, without })
    answers[question.key] = (await named(question.index, decide)) ?? null
  }
  const ready = await parts.preparer.bundle(text, { ...context, answers })
  if (ready.kind !== 'transaction') throw new Error('The second plan of a transaction is none')
  requireReferences(plan, answers, ready)
  return ready
}

// The locks of all conditions are held meanwhile.
const conditionsMs = 10_000

function tooCostly(): AppError {
  const diagnostics = `Finding what the conditions of the Bundle match takes longer than ${conditionsMs} ms; use identifiers or split it`
  return new AppError('timeout', diagnostics, { issues: [{ severity: 'error', code: 'too-costly', diagnostics }] })
}

function requireReferences(plan: Plan & { readonly kind: 'questions' }, answers: Answers, ready: ReadyPlan): void {
  const created = new Set(ready.createdConditions)
  const open = plan.questions.find(
    (question) => question.isReference && answers[question.key] === null && !created.has(question.key),
  )
  if (open === undefined) return
  const path = entryPath(open.index)
  const diagnostics = `${path}: the conditional reference ${open.key.slice(0, 200)} matches no record`
  throw new AppError('precondition-failed', diagnostics, {
    issues: [{ severity: 'error', code: 'not-found', diagnostics, expression: `${path}.resource` }],
  })
}

interface Scene {
  readonly parts: RecordParts
  readonly context: RecordContext
  readonly prefer: ReturnPreference
}

async function carryOut(tx: Tx, plan: ReadyPlan, scene: Scene): Promise<readonly EntryAnswer[]> {
  const { parts, context, prefer } = scene
  const answers: EntryAnswer[] = Array.from({ length: plan.size }, () => ({ status: 204 }))
  const room = createAnswerRoom()
  const changing = plan.writes.filter((write) => !write.isExisting && write.id !== undefined)
  const pending = changing.map((write) => toPending(write, plan))
  const { written } = await commitChanges(tx, pending, { ...context, interaction: 'transaction' }, parts.commit)
  for (const [at, one] of written.entries()) {
    const index = changing[at]?.index ?? 0
    answers[index] = room.keep(writeEntryAnswer({ ...one, warnings: [] }, prefer))
  }
  const accesses: AuditEntry[] = []
  for (const write of plan.writes.filter((one) => one.isExisting)) {
    const version = await named(write.index, () => readRecord(tx, context, write.type, write.id ?? ''))
    const existing: WriteAnswer = { outcome: 'existing', version, warnings: [] }
    answers[write.index] = room.keep(writeEntryAnswer(existing, prefer))
    const entities = [`${version.type}/${version.id}/_history/${version.version}`]
    accesses.push(readEntryOf(context, { interaction: 'create', entities, patients: version.patients }))
  }
  for (const entry of plan.reads) {
    const outcome = await named(entry.index, async () => {
      room.demand()
      return await readEntryTarget(entry, context, parts, asSql(tx))
    })
    answers[entry.index] = room.keep(outcome.answer)
    accesses.push(readEntryOf(context, outcome))
  }
  if (accesses.length > 0) await parts.audit.append(tx, accesses)
  return answers
}

function readEntryOf(
  context: RecordContext,
  access: Pick<AuditEntry, 'interaction' | 'entities' | 'patients'>,
): AuditEntry {
  const { interaction, entities = [], patients = [] } = access
  return {
    caller: context.caller,
    traceId: context.traceId,
    action: 'R',
    outcome: 'success',
    interaction,
    entities,
    patients,
  }
}

function toPending(write: PlannedWrite, plan: ReadyPlan): Pending {
  const { index, method, type, id = '', patch, ifMatch, ifNoneMatch, ordinal } = write
  const prepared = ordinal === undefined ? undefined : plan.prepared
  const isFresh = method === 'POST'
  return { index, method, type, id, prepared, ordinal: ordinal ?? -1, patch, ifMatch, ifNoneMatch, isFresh }
}

async function named<T>(index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const path = entryPath(index)
    const issues = error.issues.map((issue) => ({
      ...issue,
      diagnostics: `${path}: ${issue.diagnostics}`,
      expression: path,
    }))
    throw new AppError(error.code, `${path}: ${error.message}`, { issues, cause: error })
  }
}
