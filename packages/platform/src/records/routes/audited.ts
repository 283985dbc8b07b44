// Runs a search or operation and records it in the audit trail before the answer leaves, refused ones too.
import type { FastifyRequest } from 'fastify'
import { failureOf } from '../../kernel/audited-failure.ts'
import type { Audit } from '../../kernel/ports.ts'
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
    await audit.record({ ...common, interaction: 'search-type', ...failureOf(error) })
    throw error
  }
}
