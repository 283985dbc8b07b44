// Erasure by law: what an event says goes, that it was there stays, and the erasure is itself in the trail.
import { AppError } from '@xinglin/core/errors'
import type { Audit, AuditEntry } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { eraseEvent, lockEvent } from './event-store.ts'

/** An erasure. */
export interface Erasure {
  readonly eventId: number
  readonly caller: AuditEntry['caller']
  readonly traceId: string
  /** Why the law asks for it. */
  readonly reason: string
}

/**
 * Erases an event in one transaction with the entry that tells of it.
 * @throws AppError 'not-found', 'deleted' when it is erased already, 'conflict' while it is not sealed yet,
 * 'business-rule' for an entry that tells of an erasure
 */
export async function eraseByLaw(sql: Sql, audit: Audit, erasure: Erasure): Promise<void> {
  const { eventId, caller, traceId, reason } = erasure
  await sql.transaction(async (tx) => {
    const event = await lockEvent(tx, eventId)
    if (event === undefined) throw new AppError('not-found', `There is no audit event ${eventId}`)
    if (event.payload === undefined) throw new AppError('deleted', `The audit event ${eventId} was erased already`)
    if (!event.isSealed) {
      throw new AppError('conflict', `The audit event ${eventId} is not sealed yet; try again in a second`, {
        retryAfterSeconds: 1,
      })
    }
    if (event.payload.interaction === 'erase') {
      throw new AppError('business-rule', 'An entry that tells of an erasure cannot be erased: it explains the gap')
    }
    await eraseEvent(tx, eventId)
    await audit.append(tx, [
      {
        caller,
        action: 'D',
        interaction: 'erase',
        outcome: 'success',
        status: 200,
        entities: [`AuditEvent/${eventId}`],
        traceId,
        reason,
      },
    ])
  })
}
