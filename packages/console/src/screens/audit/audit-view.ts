// One AuditEvent as a row of the trail: who did what to whose record, from where, and how it ended (pure).
import type { AuditEvent } from '../../api/fhir.ts'

/** How an access ended. */
export type Outcome = 'success' | 'refused' | 'failed'

/** What the list and the detail show of an event. */
export interface EventView {
  readonly id: string
  /** Place in the chain, from 0; undefined until it is sealed. */
  readonly seq: number | undefined
  readonly recorded: string | undefined
  readonly action: string | undefined
  readonly interaction: string | undefined
  readonly outcome: Outcome
  /** Error code or rule of a refusal. */
  readonly reason: string | undefined
  readonly status: number | undefined
  readonly agent: string | undefined
  readonly subject: string | undefined
  readonly roles: readonly string[]
  /** Why the glass was broken. */
  readonly emergency: string | undefined
  readonly address: string | undefined
  /** Ids of the patients concerned. */
  readonly patients: readonly string[]
  readonly entities: readonly string[]
  /** The request as sent. */
  readonly query: string | undefined
  readonly traceId: string | undefined
}

const outcomes: Readonly<Record<string, Outcome>> = { '0': 'success', '4': 'refused', '8': 'failed', '12': 'failed' }
const patientPrefix = 'Patient/'
const patientRole = '1'

function decoded(query: string | undefined): string | undefined {
  if (query === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(query), (letter) => letter.charCodeAt(0))
    return decodeURI(new TextDecoder().decode(bytes))
  } catch {
    return query // not what FHIR asks for: shown as it is
  }
}

function extension(event: AuditEvent, name: string) {
  return event.extension?.find(({ url }) => url === `urn:xinglin:audit:${name}`)
}

function agentsOf({ agent = [] }: AuditEvent) {
  const acting = agent.find(({ requestor }) => requestor === true) ?? agent[0]
  const address = agent.find(({ network }) => network?.address !== undefined)?.network?.address
  return {
    agent: acting?.name ?? acting?.who?.display,
    subject: acting?.altId ?? acting?.who?.identifier?.value,
    emergency: acting?.purposeOfUse?.find(({ coding }) => coding?.[0]?.code === 'BTG')?.text,
    roles: acting?.role?.flatMap(({ coding }) => coding?.[0]?.code ?? []) ?? [],
    address: acting?.network?.address ?? address,
  }
}

function entitiesOf({ entity = [] }: AuditEvent) {
  const references = entity.flatMap(({ what, role }) =>
    what?.reference === undefined ? [] : [{ reference: what.reference, isPatient: role?.code === patientRole }],
  )
  const patients = references
    .filter(({ reference, isPatient }) => isPatient && reference.startsWith(patientPrefix))
    .map(({ reference }) => reference.slice(patientPrefix.length))
  return {
    patients: [...new Set(patients)],
    entities: references.filter(({ isPatient }) => !isPatient).map(({ reference }) => reference),
    query: decoded(entity.find(({ query }) => query !== undefined)?.query),
    traceId: entity.find(({ what }) => what?.identifier?.value !== undefined)?.what?.identifier?.value,
  }
}

/** The view of an event. */
export function viewOf(event: AuditEvent): EventView {
  return {
    id: event.id,
    seq: extension(event, 'seq')?.valueDecimal,
    recorded: event.recorded,
    action: event.action,
    interaction: event.subtype?.[0]?.code,
    outcome: outcomes[event.outcome ?? ''] ?? 'failed',
    reason: event.outcomeDesc,
    status: extension(event, 'http-status')?.valueInteger,
    ...agentsOf(event),
    ...entitiesOf(event),
  }
}
