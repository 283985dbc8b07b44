// Every use of images is checked and leaves an entry in the audit trail: allowed, refused and failed ones.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { failureOf } from '../../kernel/audited-failure.ts'
import type { Caller } from '../../kernel/caller.ts'
import type { Audit, AuditEntry, Clock } from '../../kernel/ports.ts'
import type {} from '../../kernel/service.ts'
import { type ImagingAccess, type ImagingUse, imagingAccess } from './access.ts'

/** What a route does, in the words of the trail. */
export interface Use {
  readonly use: ImagingUse
  readonly action: AuditEntry['action']
  readonly interaction: string
}

/** What a handler gives: its answer, and what its entry tells besides. */
export interface Answer {
  readonly body: unknown
  readonly status?: number
  readonly entities?: readonly string[]
  readonly patients?: readonly string[]
  /** The entry was written together with the work. */
  readonly isRecorded?: boolean
}

/** A handler with what the caller may see. */
export type Work = (request: FastifyRequest, reply: FastifyReply, access: ImagingAccess) => Promise<Answer>

/** Wraps handlers. */
export type Guard = (use: Use, work: Work) => (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

// Whoever looks through the slices of a study reads it once: reads of one study by one person within a minute are one
// entry; an emergency that is stated meanwhile is another.
const sameReadMs = 60_000
const maxRemembered = 10_000

function createMemory(clock: Clock): (key: string) => boolean {
  const seen = new Map<string, number>()
  return (key) => {
    const now = clock.monotonicMs()
    const last = seen.get(key)
    if (last !== undefined && now - last < sameReadMs) return true
    seen.delete(key)
    seen.set(key, now)
    for (const oldest of seen.keys()) {
      if (seen.size <= maxRemembered) break
      seen.delete(oldest)
    }
    return false
  }
}

/** What the guard needs. */
export interface GuardParts {
  readonly audit: Audit
  readonly clock: Clock
  /** Who withholds which studies from a caller, asked anew at each use. */
  readonly withheldFrom: (caller: Caller) => Promise<readonly string[]>
}

const whoReads = (caller: Caller, { interaction }: Use, entities: readonly string[]): string =>
  [caller.subject, caller.patient ?? '', caller.purpose, caller.reason ?? '', interaction, ...entities].join('|')

/** Creates the guard of the service. */
export function createGuard({ audit, clock, withheldFrom }: GuardParts): Guard {
  const isSameRead = createMemory(clock)
  return (use, work) => async (request, reply) => {
    const { caller, traceId } = request
    const { action, interaction } = use
    const common = { caller, action, interaction, traceId, query: `${request.method} ${request.url}` }
    let answer: Answer
    try {
      const access = imagingAccess(caller, use.use)
      answer = await work(request, reply, { ...access, withheld: await withheldFrom(caller) })
    } catch (error) {
      await audit.record({ ...common, ...failureOf(error) })
      throw error
    }
    const { body, status = 200, entities = [], patients = [], isRecorded = false } = answer
    const isKnown = isRecorded || (action === 'R' && entities.length > 0 && isSameRead(whoReads(caller, use, entities)))
    if (!isKnown) await audit.record({ ...common, outcome: 'success', status, entities, patients })
    return await reply.code(status).send(body)
  }
}
