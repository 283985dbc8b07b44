// How work that threw is told in the audit trail.
import { AppError } from '@xinglin/core/errors'
import type { AuditEntry } from './ports.ts'

/** Outcome, HTTP status and reason for the entry: refused below 500, else failed; never the error's own words. */
export function failureOf(error: unknown): Pick<AuditEntry, 'outcome' | 'status' | 'reason'> {
  if (error instanceof AppError) {
    return { outcome: error.status >= 500 ? 'failed' : 'refused', status: error.status, reason: error.code }
  }
  // Fastify's refusal by a schema is turned into its answer later, by the kernel.
  if (error instanceof Error && 'validation' in error) {
    return { outcome: 'refused', status: 400, reason: 'invalid-request' }
  }
  return { outcome: 'failed', status: 500, reason: 'internal' }
}
