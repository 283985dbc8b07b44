// Runs a search or operation and records it in the audit trail before the answer leaves, refused ones too.
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import type { Audit, AuditEntry } from '../../kernel/ports.ts'
import type {} from '../../kernel/service.ts'
import { auditQuery } from './search-request.ts'

/** What an audited answer tells of itself. */
export interface Auditable {
  readonly interaction: string
  readonly patients: readonly string[]
}

/** The result of `work`, after its audit entry is durable. */
export async function audited<T extends Auditable>(
  request: FastifyRequest,
  audit: Audit,
  work: () => Promise<T>,
): Promise<T> {
  const common = { caller: request.caller, action: 'E', query: auditQuery(request), traceId: request.traceId } as const
  try {
    const result = await work()
    await audit.record({
      ...common,
      interaction: result.interaction,
      outcome: 'success',
      status: 200,
      patients: result.patients,
    })
    return result
  } catch (error) {
    await audit.record({ ...common, interaction: 'search-type', ...failure(error) })
    throw error
  }
}

function failure(error: unknown): Pick<AuditEntry, 'outcome' | 'status' | 'reason'> {
  if (!(error instanceof AppError)) return { outcome: 'failed', status: 500, reason: 'internal' }
  return { outcome: error.status >= 500 ? 'failed' : 'refused', status: error.status, reason: error.code }
}
