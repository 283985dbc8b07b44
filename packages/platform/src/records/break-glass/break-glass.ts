// Breaking the glass: an emergency opens, for a while and under one's own name, what a patient's Consent or a label withholds.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import { emergencyRoles, mayBreakGlass } from '../../kernel/emergency.ts'
import type { Audit, AuditEntry, Ids } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import { accessFor } from '../access/index.ts'
import { recordRefusal } from '../audited.ts'
import { isSomethingWithheld } from '../consent/withheld-store.ts'
import { readCurrent } from '../store/read-store.ts'
import type { AccessFilter, RecordContext } from '../types.ts'
import { addGlass, type BrokenGlass, countRecent, endGlasses, glassesOf, openUntil } from './glass-store.ts'

/** What breaking takes. */
export interface GlassParts {
  readonly sql: Sql
  readonly audit: Audit
  readonly ids: Pick<Ids, 'uuid'>
  /** How long a broken glass stays open. */
  readonly minutes: number
  /** How many glasses one subject may break in an hour. */
  readonly perHour: number
}

/** What a caller is told of a patient's records. */
export interface AccessState {
  readonly patient: string
  /** Something may be withheld from the caller; nothing is said of what, or whether it is there. */
  readonly isWithheld: boolean
  readonly mayBreakGlass: boolean
  /** The caller's own glass, while it is broken. */
  readonly openUntil?: Date
}

const listed = 200

/** Breaks the glass; the trail has it before the answer, a refusal too. */
export async function breakGlass(
  parts: GlassParts,
  context: RecordContext,
  wish: { readonly patient: string; readonly reason: string },
): Promise<BrokenGlass> {
  const { caller, traceId } = context
  const { patient, reason } = wish
  const access = { action: 'E', interaction: 'break-glass', entities: [`Patient/${patient}`] } as const
  return await recordRefusal(parts.audit, context, access, async () => {
    requireEmergencyRole(caller)
    return await parts.sql.transaction(async (tx) => {
      const used = await countRecent(tx, caller.subject)
      if (used >= parts.perHour) throw tooMany(parts.perHour)
      const found = await readCurrent(tx, 'Patient', patient, unfiltered)
      if (found?.content === undefined) throw new AppError('not-found', 'There is no patient with this id')
      const { subject, name } = caller
      const broken = await addGlass(tx, { id: parts.ids.uuid(), subject, name, patient, reason }, parts.minutes)
      const entry: AuditEntry = {
        ...access,
        caller: { ...caller, purpose: 'BTG', reason },
        traceId,
        outcome: 'success',
        status: 201,
        patients: [patient],
      }
      await parts.audit.append(tx, [entry])
      return broken
    })
  })
}

const unfiltered: AccessFilter = { types: 'all', patients: 'all', sharedTypes: [], hiddenLabels: [] }

function requireEmergencyRole(caller: Caller): void {
  const mayRead = accessFor(caller).read
  const isUnbound = mayRead.patients === 'all' && (mayRead.types === 'all' || mayRead.types.includes('Patient'))
  if (isUnbound && mayBreakGlass(caller)) return
  throw new AppError(
    'forbidden',
    `Only ${emergencyRoles.join(', ')} may break the glass, within their roles and scopes`,
  )
}

const tooMany = (perHour: number) =>
  new AppError('too-many-requests', `At most ${perHour} glasses an hour may be broken; call whoever is in charge`, {
    retryAfterSeconds: 3600,
  })

/** Ends the caller's own emergency access before its time. */
export async function mendGlass(parts: GlassParts, context: RecordContext, patient: string): Promise<void> {
  const { caller, traceId } = context
  const entities = [`Patient/${patient}`]
  await parts.sql.transaction(async (tx) => {
    const ended = await endGlasses(tx, caller, patient)
    if (ended === 0) return
    const entry = { caller, action: 'E', interaction: 'mend-glass', entities, patients: [patient] } as const
    await parts.audit.append(tx, [{ ...entry, traceId, outcome: 'success', status: 204 }])
  })
}

/** Whether something is withheld from the caller. Throws `not-found` for a patient whom the caller may not see. */
export async function accessState(parts: GlassParts, context: RecordContext, patient: string): Promise<AccessState> {
  const { caller } = context
  const access = context.access.read
  const found = await readCurrent(parts.sql, 'Patient', patient, access)
  if (found?.content === undefined) throw new AppError('not-found', 'There is no patient with this id that you may see')
  const until = await openUntil(parts.sql, caller, patient)
  return {
    patient,
    isWithheld: await isSomethingWithheld(parts.sql, patient, access),
    mayBreakGlass: access.patients === 'all' && mayBreakGlass(caller),
    ...(until === undefined ? {} : { openUntil: until }),
  }
}

/** Who broke the glass for the patient: for the patient, and for those who watch over the trail. Audited. */
export async function listGlasses(
  parts: GlassParts,
  context: RecordContext,
  patient: string,
): Promise<readonly BrokenGlass[]> {
  const { caller, traceId } = context
  const access = { action: 'R', interaction: 'break-glass-list', entities: [`Patient/${patient}`] } as const
  return await recordRefusal(parts.audit, context, access, async () => {
    const { read } = context.access
    const isWatching = read.patients === 'all' && (read.types === 'all' || read.types.includes('AuditEvent'))
    const isOwn = read.patients !== 'all' && read.patients.includes(patient) && read.types.includes('Patient')
    if (!isWatching && !isOwn)
      throw new AppError('forbidden', 'Only the patient and compliance see who broke the glass')
    const found = await glassesOf(parts.sql, patient, listed)
    await parts.audit.record({ ...access, caller, traceId, patients: [patient], outcome: 'success', status: 200 })
    return found
  })
}
