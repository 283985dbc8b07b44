// Generates the FHIR AuditEvent of a stored entry, in the shape of IHE Basic Audit Log Patterns
// (https://profiles.ihe.net/ITI/BALP/). The same entry always gives the same resource.
import type { Coding, Resource } from '@xinglin/core/fhir'
import { type Payload, type PayloadCaller, withoutVersion } from '../trail/payload.ts'

/** A stored event. */
export interface StoredEvent {
  readonly id: number
  readonly recorded: Date
  /** Place in the chain, once sealed. */
  readonly seq: number | null
  readonly payload: Payload
}

const terminology = 'http://terminology.hl7.org/CodeSystem'
const dicom = 'http://dicom.nema.org/resources/ontology/DCM'
const balp = 'https://profiles.ihe.net/ITI/BALP'
const participation = `${terminology}/v3-ParticipationType`

const sourceRole: Coding = { system: dicom, code: '110153', display: 'Source Role ID' }
const destinationRole: Coding = { system: dicom, code: '110152', display: 'Destination Role ID' }
const application: Coding = { system: dicom, code: '110150', display: 'Application' }
const custodian: Coding = {
  system: `${terminology}/provenance-participant-type`,
  code: 'custodian',
  display: 'Custodian',
}
const recipient: Coding = { system: participation, code: 'IRCP', display: 'information recipient' }
const author: Coding = { system: participation, code: 'AUT', display: 'author (originator)' }
const person: Coding = { system: `${terminology}/audit-entity-type`, code: '1', display: 'Person' }
const systemObject: Coding = { system: `${terminology}/audit-entity-type`, code: '2', display: 'System Object' }
const patientRole: Coding = { system: `${terminology}/object-role`, code: '1', display: 'Patient' }
const domainResource: Coding = { system: `${terminology}/object-role`, code: '4', display: 'Domain Resource' }
const queryRole: Coding = { system: `${terminology}/object-role`, code: '24', display: 'Query' }
const requestId: Coding = {
  system: `${balp}/CodeSystem/BasicAuditEntityType`,
  code: 'XrequestId',
  display: 'X-Request-Id',
}

// http://hl7.org/fhir/R4/valueset-type-restful-interaction.html
const restful: ReadonlySet<string> = new Set([
  ...['read', 'vread', 'update', 'patch', 'delete', 'history', 'history-instance', 'history-type', 'history-system'],
  ...['create', 'search', 'search-type', 'search-system', 'capabilities', 'transaction', 'batch', 'operation'],
])
const profileNames: ReadonlyMap<string, string> = new Map([
  ['create', 'Create'],
  ['read', 'Read'],
  ['vread', 'Read'],
  ['update', 'Update'],
  ['patch', 'Update'],
  ['delete', 'Delete'],
  ['search', 'Query'],
  ['search-type', 'Query'],
  ['search-system', 'Query'],
])

const codeable = (coding: Coding) => ({ coding: [coding] })
const identified = (value: string, display?: string) => ({
  identifier: { system: 'urn:xinglin:subject', value },
  ...(display === undefined ? {} : { display }),
})
const server = { identifier: { system: 'urn:xinglin:service', value: 'xinglin' }, display: 'Xinglin' }

// http://hl7.org/fhir/R4/valueset-audit-event-outcome.html: success, minor (the caller's) and serious (ours) failure.
const outcomes = { success: '0', refused: '4', failed: '8' } as const

/** Source and destination as BALP has them: data flow to the client only in a read. */
function sides({ action }: Payload): { readonly client: Coding; readonly server: Coding; readonly user: Coding } {
  if (action === 'R') return { client: destinationRole, server: sourceRole, user: recipient }
  if (action === 'D') return { client: application, server: custodian, user: author }
  return { client: sourceRole, server: destinationRole, user: action === 'E' ? recipient : author }
}

function isProgram({ roles }: PayloadCaller): boolean {
  return roles.some((role) => role === 'system' || role === 'frontend')
}

function userAgent(caller: PayloadCaller, type: Coding): Readonly<Record<string, unknown>> {
  const { subject, name, roles, purpose, reason, actor, patient } = caller
  const self = actor ?? (patient === undefined ? undefined : `Patient/${patient}`)
  return {
    type: codeable(type),
    ...(roles.length === 0 ? {} : { role: roles.map((role) => codeable({ system: 'urn:xinglin:role', code: role })) }),
    who: { ...(self === undefined ? {} : { reference: self }), ...identified(subject, name) },
    altId: subject,
    name,
    requestor: true,
    purposeOfUse: [
      {
        ...codeable({ system: `${terminology}/v3-ActReason`, code: purpose }),
        ...(reason === undefined ? {} : { text: reason }),
      },
    ],
  }
}

const ipAddress = /^[0-9.]+$|:/
const networkOf = (address: string | undefined) =>
  // http://hl7.org/fhir/R4/valueset-network-type.html: 1 machine name, 2 IP address
  address === undefined ? {} : { network: { address, type: ipAddress.test(address) ? '2' : '1' } }

function agents(payload: Payload): readonly Readonly<Record<string, unknown>>[] {
  const { caller } = payload
  const types = sides(payload)
  const isUser = caller !== undefined && !isProgram(caller)
  const client = {
    type: codeable(types.client),
    who: caller === undefined ? { display: 'Not identified' } : identified(caller.subject, caller.name),
    requestor: !isUser,
    ...networkOf(caller?.address),
  }
  const own = {
    type: codeable(types.server),
    who: server,
    requestor: false,
    network: { address: 'xinglin', type: '1' },
  }
  return [client, own, ...(isUser ? [userAgent(caller, types.user)] : [])]
}

const reference = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}(\/_history\/[A-Za-z0-9.-]{1,64})?$/

function entities({ entities: data = [], patients = [], query, traceId }: Payload): readonly unknown[] {
  const asPatient = new Set(patients.map((id) => `Patient/${id}`))
  return [
    ...data.map((text) => ({
      what: reference.test(text) ? { reference: text } : { display: text },
      type: systemObject,
      role: domainResource,
    })),
    ...[...asPatient].map((text) => ({ what: { reference: text }, type: person, role: patientRole })),
    ...(query === undefined
      ? []
      : [{ type: systemObject, role: queryRole, query: Buffer.from(query).toString('base64') }]),
    ...(traceId === undefined ? [] : [{ what: { identifier: { value: traceId } }, type: requestId }]),
  ]
}

// A profile is claimed only by what has all that it demands.
function profileOf(payload: Payload): string | undefined {
  const { interaction, outcome, caller, entities: data = [], patients = [], query } = payload
  const name = profileNames.get(interaction)
  if (name === undefined || outcome !== 'success' || caller?.address === undefined || patients.length > 1)
    return undefined
  if (name === 'Query' ? query === undefined : data.length !== 1) return undefined
  return `${balp}/StructureDefinition/IHE.BasicAudit.${patients.length === 1 ? 'Patient' : ''}${name}`
}

function typeOf({ interaction }: Payload): { readonly type: Coding; readonly subtype: readonly Coding[] } {
  if (restful.has(interaction)) {
    return {
      type: { system: `${terminology}/audit-event-type`, code: 'rest', display: 'Restful Operation' },
      subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: interaction }],
    }
  }
  const isSignIn = /^sign-(in|out)/.test(interaction)
  const type = isSignIn
    ? { system: dicom, code: '110114', display: 'User Authentication' }
    : { system: dicom, code: '110100', display: 'Application Activity' }
  return { type, subtype: [{ system: 'urn:xinglin:interaction', code: interaction }] }
}

function extensions({ seq, payload: { status, part, unlisted } }: StoredEvent): readonly unknown[] {
  return [
    ...(seq === null ? [] : [{ url: 'urn:xinglin:audit:seq', valueDecimal: seq }]),
    ...(status === undefined ? [] : [{ url: 'urn:xinglin:audit:http-status', valueInteger: status }]),
    ...(part === undefined ? [] : [{ url: 'urn:xinglin:audit:part', valueString: `${part[0]} of ${part[1]}` }]),
    ...(unlisted === undefined ? [] : [{ url: 'urn:xinglin:audit:unlisted', valueInteger: unlisted }]),
  ]
}

/** The AuditEvent of a stored event. */
export function auditEventOf(event: StoredEvent): Resource {
  const { payload } = event
  const profile = profileOf(payload)
  const extension = extensions(event)
  const entity = entities(payload)
  return {
    resourceType: 'AuditEvent',
    id: String(event.id),
    ...(profile === undefined ? {} : { meta: { profile: [profile] } }),
    ...(extension.length === 0 ? {} : { extension }),
    ...typeOf(payload),
    action: payload.action,
    recorded: event.recorded.toISOString(),
    outcome: outcomes[payload.outcome],
    ...(payload.reason === undefined ? {} : { outcomeDesc: payload.reason }),
    ...(payload.caller === undefined
      ? {}
      : { purposeOfEvent: [codeable({ system: `${terminology}/v3-ActReason`, code: payload.caller.purpose })] }),
    agent: agents(payload),
    source: {
      observer: server,
      type: [{ system: `${terminology}/security-source-type`, code: '4', display: 'Application Server' }],
    },
    ...(entity.length === 0 ? {} : { entity }),
  }
}

/** Says whether an entry is what was asked for, by its own words: a hash that collides must show nobody else's. */
export function isAskedFor(
  payload: Payload,
  wanted: Readonly<Partial<Record<'patient' | 'agent' | 'entity', string>>>,
): boolean {
  const { patient, agent, entity } = wanted
  return (
    (patient === undefined || payload.patients?.includes(patient) === true) &&
    (agent === undefined || payload.caller?.subject === agent) &&
    (entity === undefined || payload.entities?.some((text) => withoutVersion(text) === entity) === true)
  )
}
