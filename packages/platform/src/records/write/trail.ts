// What every write leaves behind in its own transaction: audit rows and events.
import type { Audit, AuditEntry, Events } from '../../kernel/ports.ts'
import type { Tx } from '../../kernel/sql.ts'
import type { RecordContext, StoredVersion } from '../types.ts'

/** A written version with the verb of the audit trail. */
export interface Trace {
  readonly version: StoredVersion
  /** `R`: it was there already, and nothing was written. */
  readonly action: 'C' | 'U' | 'D' | 'R'
}

/** The ports that a trail is written to. */
export interface TrailPorts {
  readonly audit: Audit
  readonly events: Events
}

// The audit trail keeps at most 100 references per entry.
const entitiesPerEntry = 100

/** Appends audit entries and publishes one event per written version. */
export async function leaveTrail(
  tx: Tx,
  traces: readonly Trace[],
  context: RecordContext & { readonly interaction: string },
  ports: TrailPorts,
): Promise<void> {
  if (traces.length === 0) return
  await ports.audit.append(tx, auditEntries(traces, context))
  const written = traces.filter(({ action }) => action !== 'R')
  if (written.length === 0) return
  await ports.events.publish(
    tx,
    written.map(({ version: { type, id, version, method, patients } }) => ({
      topic: 'records.written',
      key: patients[0] ?? id,
      payload: { type, id, version, method },
    })),
  )
}

function auditEntries(
  traces: readonly Trace[],
  context: RecordContext & { readonly interaction: string },
): readonly AuditEntry[] {
  const actions = ['C', 'U', 'D', 'R'] as const
  return actions.flatMap((action) => {
    const versions = traces.filter((trace) => trace.action === action).map((trace) => trace.version)
    const chunks = Math.ceil(versions.length / entitiesPerEntry)
    return Array.from({ length: chunks }, (_chunk, at): AuditEntry => {
      const part = versions.slice(at * entitiesPerEntry, (at + 1) * entitiesPerEntry)
      return {
        caller: context.caller,
        action,
        interaction: context.interaction,
        outcome: 'success',
        entities: part.map(({ type, id, version }) => `${type}/${id}/_history/${version}`),
        patients: [...new Set(part.flatMap((version) => version.patients))].slice(0, entitiesPerEntry),
        traceId: context.traceId,
      }
    })
  })
}
