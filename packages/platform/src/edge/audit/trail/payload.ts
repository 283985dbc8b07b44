// What the trail keeps of an access: one JSON text, the same bytes for ever, and the hashes under which it is found.
import { parameterHash } from '@xinglin/core/fhir/search'
import type { AuditEntry } from '../../../kernel/ports.ts'

/** An access as stored; the AuditEvent is generated from it. */
export interface Payload {
  readonly caller?: PayloadCaller
  readonly action: AuditEntry['action']
  readonly interaction: string
  readonly outcome: AuditEntry['outcome']
  readonly status?: number
  readonly entities?: readonly string[]
  readonly patients?: readonly string[]
  readonly query?: string
  readonly traceId?: string
  readonly reason?: string
  /** Which row of how many this is, when one access touched more than fits into one. */
  readonly part?: readonly [number, number]
  /** How many references and patients are not listed, because there were more than the trail takes. */
  readonly unlisted?: number
}

/** Who acted. */
export interface PayloadCaller {
  readonly subject: string
  readonly name: string
  readonly roles: readonly string[]
  readonly purpose: string
  /** Why the glass was broken. */
  readonly reason?: string
  readonly scopes?: readonly string[]
  readonly patient?: string
  readonly actor?: string
  readonly address?: string
}

/** A row of the trail before it is written. */
export interface NewRow {
  readonly recordedMs: number
  readonly payload: string
  readonly keys: readonly number[]
}

/** What a key is made of. */
export type KeyKind = 'patient' | 'agent' | 'entity' | 'action' | 'interaction' | 'outcome' | 'purpose'

const perRow = 100
const maxRows = 100
const maxNameLength = 200
const maxReferenceLength = 300
const maxReasonLength = 1000
const maxQueryLength = 16_384
const maxRoles = 20
const maxScopes = 100

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length)}…`)

/** The hash under which events with this text are found. */
export function keyOf(kind: KeyKind, text: string): number {
  return parameterHash({ base: kind, code: text })
}

/** A reference without its version: `Patient/1/_history/2` is found under `Patient/1`. */
export function withoutVersion(reference: string): string {
  const at = reference.indexOf('/_history/')
  return at === -1 ? reference : reference.slice(0, at)
}

/** The keys of an event, without repetition, in a fixed order. */
export function keysOf(payload: Payload): readonly number[] {
  const keys = new Set<number>([
    keyOf('action', payload.action),
    keyOf('interaction', payload.interaction),
    keyOf('outcome', payload.outcome),
  ])
  if (payload.caller !== undefined) {
    keys.add(keyOf('agent', payload.caller.subject))
    // Treatment is the rule; what is asked for is who had another purpose.
    if (payload.caller.purpose !== 'TREAT') keys.add(keyOf('purpose', payload.caller.purpose))
  }
  for (const patient of payload.patients ?? []) keys.add(keyOf('patient', patient))
  for (const entity of payload.entities ?? []) keys.add(keyOf('entity', withoutVersion(entity)))
  return [...keys]
}

function callerOf(caller: NonNullable<AuditEntry['caller']>): PayloadCaller {
  const { subject, name, roles, purpose, reason, scopes, patient, actor, address } = caller
  return {
    subject: cut(subject, maxNameLength),
    name: cut(name, maxNameLength),
    roles: roles.slice(0, maxRoles),
    purpose: cut(purpose, maxNameLength),
    ...(reason === undefined ? {} : { reason: cut(reason, maxReasonLength) }),
    ...(scopes.length === 0 ? {} : { scopes: scopes.slice(0, maxScopes).map((scope) => cut(scope, maxNameLength)) }),
    ...(patient === undefined ? {} : { patient: cut(patient, maxNameLength) }),
    ...(actor === undefined ? {} : { actor: cut(actor, maxReferenceLength) }),
    ...(address === undefined ? {} : { address: cut(address, maxNameLength) }),
  }
}

interface Lists {
  readonly entities: readonly string[]
  readonly patients: readonly string[]
}

function payloadOf(
  entry: AuditEntry,
  { entities, patients }: Lists,
  rest: Pick<Payload, 'part' | 'unlisted'>,
): Payload {
  const { caller, action, interaction, outcome, status, query, traceId, reason } = entry
  return {
    ...(caller === undefined ? {} : { caller: callerOf(caller) }),
    action,
    interaction: cut(interaction, maxNameLength),
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(entities.length === 0 ? {} : { entities }),
    ...(patients.length === 0 ? {} : { patients }),
    ...(query === undefined ? {} : { query: cut(query, maxQueryLength) }),
    ...(traceId === undefined ? {} : { traceId: cut(traceId, maxNameLength) }),
    ...(reason === undefined ? {} : { reason: cut(reason, maxReasonLength) }),
    ...rest,
  }
}

function bounded(list: readonly string[] | undefined): readonly string[] {
  return (list ?? []).slice(0, perRow * maxRows).map((text) => cut(text, maxReferenceLength))
}

/**
 * The rows of an access: one, or several with at most 100 references and 100 patients each, so that whoever asks about
 * a patient finds every access that touched them.
 */
export function rowsOf(entry: AuditEntry, recordedMs: number): readonly NewRow[] {
  const entities = bounded(entry.entities)
  const patients = bounded(entry.patients)
  const count = Math.max(1, Math.ceil(entities.length / perRow), Math.ceil(patients.length / perRow))
  const unlisted = (entry.entities?.length ?? 0) - entities.length + (entry.patients?.length ?? 0) - patients.length
  return Array.from({ length: count }, (_row, at) => {
    const part = (list: readonly string[]): readonly string[] => list.slice(at * perRow, (at + 1) * perRow)
    const payload = payloadOf(
      entry,
      { entities: part(entities), patients: part(patients) },
      {
        ...(count === 1 ? {} : { part: [at + 1, count] as const }),
        ...(unlisted === 0 ? {} : { unlisted }),
      },
    )
    return { recordedMs, payload: JSON.stringify(payload), keys: keysOf(payload) }
  })
}
