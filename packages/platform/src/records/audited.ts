// Every access leaves an audit entry that is durable before the answer, refused and failed ones too.
import { AppError } from '@xinglin/core/errors'
import { failureOf } from '../kernel/audited-failure.ts'
import type { Audit, AuditEntry } from '../kernel/ports.ts'
import type { RecordContext } from './types.ts'

/** What an access is, before its outcome is known. */
export type Access = Pick<AuditEntry, 'action' | 'interaction' | 'entities' | 'query'>

/** Runs work that leaves its own entry when it succeeds; a refusal or failure is recorded here. */
export async function recordRefusal<T>(
  audit: Audit,
  context: RecordContext,
  access: Access,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { caller, traceId } = context
    await audit.record({ ...access, caller, traceId, ...failureOf(error), ...ruleOf(error) })
    throw error
  }
}

/** Records that a read succeeded. */
export async function recordRead(
  audit: Audit,
  context: RecordContext,
  access: Access & { readonly patients: readonly string[] },
): Promise<void> {
  await audit.record({ ...access, caller: context.caller, traceId: context.traceId, outcome: 'success', status: 200 })
}

// A write rule that refused says more than the code of its refusal.
function ruleOf(error: unknown): Pick<AuditEntry, 'reason'> {
  const rule = error instanceof AppError ? error.issues.find((issue) => issue.rule !== undefined)?.rule : undefined
  return rule === undefined ? {} : { reason: rule }
}
