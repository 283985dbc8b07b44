// What a caller may see and change: roles grant, scopes narrow.
import { labelHash, resourceTypes } from '@xinglin/core/fhir/search'
import type { Caller } from '../../kernel/caller.ts'
import { isEmergency } from '../../kernel/emergency.ts'
import { roleIdentity } from '../consent/restriction.ts'
import type { Access, AccessFilter, RestrictedCaller } from '../types.ts'
import { parseScopes, type ResourceScope } from './scopes.ts'
import { type Grant, grantsByRole, sharedTypes, typesOfManyPatients } from './types-by-role.ts'

// The names that confidentiality codes go by: today's, that of earlier releases, the HL7 v3 number, and none at all.
const confidentiality = [
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  'http://hl7.org/fhir/v3/Confidentiality',
  'urn:oid:2.16.840.1.113883.5.25',
  undefined,
]
const nothing: Access = {
  read: { types: [], patients: [], sharedTypes: [], hiddenLabels: [] },
  write: [],
}

/**
 * The access of a caller. Roles add up; a person who is staff and patient acts as staff. Scopes, where there are any, narrow
 * what the roles grant, and those of the level `patient` bind the caller to one compartment when no wider level is there.
 */
export function accessFor(caller: Caller): Access {
  const grants = caller.roles.map((role) => grantsByRole[role])
  const unbound = grants.filter((grant) => grant.isBound !== true && grant.read.length + grant.write.length > 0)
  const chosen = unbound.length > 0 ? unbound : grants.filter((grant) => grant.isBound === true)
  if (chosen.length === 0) return nothing
  const granted = accessOf(chosen, unbound.length === 0, caller)
  return caller.scopes.length === 0 ? granted : narrowed(granted, parseScopes(caller.scopes), caller)
}

function accessOf(grants: readonly Grant[], isBound: boolean, caller: Caller): Access {
  if (isBound && caller.patient === undefined) return nothing
  const isNarrow = grants.some((grant) => grant.update !== undefined || grant.delete !== undefined)
  const verbs = {
    create: united(grants.map((grant) => grant.write)),
    update: united(grants.map((grant) => grant.update ?? grant.write)),
    delete: united(grants.map((grant) => grant.delete ?? grant.write)),
  }
  return {
    read: {
      types: united(grants.map((grant) => grant.read)),
      patients: isBound ? ownPatient(caller) : 'all',
      sharedTypes: isBound ? sharedTypes : [],
      hiddenLabels: hiddenFrom(grants),
      ...(isBound || caller.roles.includes('system') ? {} : { restrictedAs: restrictedAs(caller) }),
    },
    write: verbs.create,
    ...(isNarrow ? { verbs } : {}),
  }
}

/**
 * What decides what is withheld from a caller, also from one who may read nothing here but works on what others took out of
 * records: to those, restricted and very restricted records are hidden.
 */
export function restrictionFor(caller: Caller): Pick<AccessFilter, 'restrictedAs' | 'hiddenLabels'> {
  const { read } = accessFor(caller)
  if (read.types.length > 0 || caller.roles.includes('system')) return read
  return { restrictedAs: restrictedAs(caller), hiddenLabels: labelsOf(['R', 'V']) }
}

function united(lists: readonly (readonly string[])[]): 'all' | readonly string[] {
  const [first = [], ...others] = lists
  const types = others.length === 0 ? first : [...new Set(lists.flat())]
  return types.length === resourceTypes.length ? 'all' : types
}

const ownPatient = (caller: Caller): readonly string[] => (caller.patient === undefined ? [] : [caller.patient])

// A label is hidden only when every role hides it.
function hiddenFrom(grants: readonly Grant[]): readonly number[] {
  const [first, ...others] = grants
  const hidden = (first?.hides ?? []).filter((code) => others.every((grant) => grant.hides?.includes(code) === true))
  return labelsOf(hidden)
}

const labelsOf = (codes: readonly string[]): readonly number[] =>
  codes.flatMap((code) => confidentiality.map((system) => labelHash(system, code)))

// What a patient withholds, the patient may see; and the system's own work keeps its rules without showing anything.
function restrictedAs(caller: Caller): RestrictedCaller {
  const identities = [...caller.roles.map(roleIdentity), ...(caller.actor === undefined ? [] : [caller.actor])]
  return {
    identities,
    purpose: caller.purpose,
    ...(isEmergency(caller) ? { glassBrokenBy: [caller.subject, caller.name] as const } : {}),
  }
}

function narrowed(access: Access, scopes: readonly ResourceScope[], caller: Caller): Access {
  const wide = scopes.filter((scope) => scope.level !== 'patient')
  const used = wide.length > 0 ? wide : scopes
  const isBound = wide.length === 0
  if (used.length === 0 || (isBound && caller.patient === undefined)) return nothing
  const keep = (types: Access['write'], verb: 'create' | 'read' | 'update' | 'delete') =>
    (types === 'all' ? resourceTypes : types).filter(
      (type) =>
        used.some((scope) => scope[verb] && (scope.type === '*' || scope.type === type)) &&
        !(isBound && typesOfManyPatients.includes(type)),
    )
  const create = keep(access.write, 'create')
  const update = keep(access.verbs?.update ?? access.write, 'update')
  const remove = keep(access.verbs?.delete ?? access.write, 'delete')
  return {
    read: {
      ...access.read,
      types: keep(access.read.types, 'read'),
      ...(isBound ? { patients: ownPatient(caller), sharedTypes } : {}),
    },
    write: [...new Set([...create, ...update, ...remove])],
    verbs: { create, update, delete: remove },
  }
}
