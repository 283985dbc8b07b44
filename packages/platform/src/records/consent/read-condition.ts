// Reads what one provision of a Consent asks. The part of FHIR that can be enforced is read; the rest is refused by name.
import { dateRange, labelHash, resourceTypes } from '@xinglin/core/fhir/search'
import { roles } from '../../kernel/caller.ts'
import { isObject } from '../prepare/parse-body.ts'
import { type Condition, neverWithheld, roleIdentity } from './restriction.ts'

/** What cannot be enforced, and where it stands. */
export interface Unenforceable {
  readonly expression: string
  readonly diagnostics: string
}

/** Takes what is found to be unenforceable. */
export type Refuse = (expression: string, diagnostics: string) => void

type Element = Readonly<Record<string, unknown>>

const understood: ReadonlySet<string> = new Set([
  ...['id', 'extension', 'type', 'period', 'actor', 'action', 'securityLabel', 'purpose', 'class', 'data', 'provision'],
])
const purposeSystem = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const typeSystem = 'http://hl7.org/fhir/resource-types'
const actionSystem = 'http://terminology.hl7.org/CodeSystem/consentaction'
const roleSystem = 'urn:xinglin:role'
const personReference = /^(Practitioner|PractitionerRole|RelatedPerson|Device)\/[A-Za-z0-9\-.]{1,64}$/
const recordReference = /^([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}$/
// http://terminology.hl7.org/CodeSystem/v3-ParticipationType: those to whom information goes.
const recipientRoles: ReadonlySet<unknown> = new Set(['IRCP', 'PRCP'])

/** The elements of a list, whatever is sent; what is no object was refused by the validation before. */
export function elementsOf(value: unknown): readonly Element[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Reads the condition of one provision at `path`; what cannot be enforced is told to `refuse`. */
export function readCondition(provision: Element, path: string, refuse: Refuse): Condition {
  for (const name of Object.keys(provision)) {
    const isKnown = understood.has(name) || name.startsWith('_')
    if (!isKnown) refuse(`${path}.${name}`, `${name} cannot be enforced here; leave it out`)
  }
  requireAccess(provision, path, refuse)
  const read = <T>(name: string, one: (element: Element, at: string) => T | undefined): readonly T[] | undefined => {
    const elements = elementsOf(provision[name])
    if (elements.length === 0) return undefined
    return elements.flatMap((element, at) => one(element, `${path}.${name}[${at}]`) ?? [])
  }
  const found = {
    identities: read('actor', (actor, at) => identityOf(actor, at, refuse)),
    purposes: read('purpose', (coding, at) => codeIn(coding, purposeSystem, at, refuse)),
    types: read('class', (coding, at) => typeOf(coding, at, refuse)),
    records: read('data', (data, at) => recordOf(data, at, refuse)),
    labels: read('securityLabel', (coding, at) => labelOf(coding, at, refuse)),
    ...periodOf(provision['period'], `${path}.period`, refuse),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

// A rule on collecting or correcting says nothing of reading, so it must not be taken for one.
function requireAccess(provision: Element, path: string, refuse: Refuse): void {
  const actions = elementsOf(provision['action'])
  const codes = actions.flatMap(({ coding }) => elementsOf(coding))
  const isAccess = codes.some(({ system, code }) => system === actionSystem && code === 'access')
  if (actions.length > 0 && !isAccess) {
    refuse(`${path}.action`, 'Only the action "access" can be enforced; leave action out, or name it')
  }
}

function identityOf(actor: Element, path: string, refuse: Refuse): string | undefined {
  const codings = isObject(actor['role']) ? elementsOf(actor['role']['coding']) : []
  if (!codings.some(({ code }) => recipientRoles.has(code))) {
    refuse(`${path}.role`, 'The role of an actor must be an information recipient (IRCP, PRCP)')
  }
  const { reference, identifier } = isObject(actor['reference']) ? actor['reference'] : {}
  if (typeof reference === 'string' && personReference.test(reference)) return reference
  const { system, value } = isObject(identifier) ? identifier : {}
  if (system === roleSystem && roles.some((role) => role === value)) return roleIdentity(String(value))
  const forms = `a Practitioner, PractitionerRole, RelatedPerson or Device of this server, or by the identifier ${roleSystem}|<role>`
  refuse(`${path}.reference`, `An actor must be named as ${forms}`)
  return undefined
}

function codeIn({ system, code }: Element, expected: string, path: string, refuse: Refuse): string | undefined {
  if (system === expected && typeof code === 'string') return code
  refuse(path, `Only codes of ${expected} can be enforced here`)
  return undefined
}

function labelOf({ system, code }: Element, path: string, refuse: Refuse): number | undefined {
  if (typeof code === 'string') return labelHash(typeof system === 'string' ? system : undefined, code)
  refuse(path, 'A security label needs a code')
  return undefined
}

function typeOf(coding: Element, path: string, refuse: Refuse): string | undefined {
  const type = codeIn(coding, typeSystem, path, refuse)
  if (type === undefined) return undefined
  if (!resourceTypes.some((known) => known === type)) refuse(path, 'There is no such resource type in FHIR R4')
  if (neverWithheld.includes(type)) refuse(path, `${neverWithheld.join(', ')} are never withheld by a Consent`)
  return type
}

function recordOf(data: Element, path: string, refuse: Refuse): string | undefined {
  const { reference } = isObject(data['reference']) ? data['reference'] : {}
  const [, type] = recordReference.exec(typeof reference === 'string' ? reference : '') ?? []
  if (data['meaning'] !== 'instance') refuse(`${path}.meaning`, 'Only the meaning "instance" can be enforced')
  if (type !== undefined && !neverWithheld.includes(type)) return String(reference)
  refuse(`${path}.reference`, 'Name a record of this server as Type/id')
  return undefined
}

function periodOf(value: unknown, path: string, refuse: Refuse): Pick<Condition, 'fromMs' | 'untilMs'> {
  if (!isObject(value)) return {}
  const { start, end } = value
  const from = typeof start === 'string' ? dateRange(start) : undefined
  const until = typeof end === 'string' ? dateRange(end) : undefined
  const isBroken = (start !== undefined && from === undefined) || (end !== undefined && until === undefined)
  if (isBroken) refuse(path, 'A period has a start and an end that are dates')
  return {
    ...(from === undefined ? {} : { fromMs: from.lo }),
    ...(until === undefined ? {} : { untilMs: until.hi }),
  }
}
