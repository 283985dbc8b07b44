// Compartments other than the fast path of one patient: the row refers to the compartment's owner by one of the parameters that define it.
import { AppError } from '@xinglin/core/errors'
import { hasHash } from './criteria/token.ts'
import { allOf, anyOf, type Scope } from './scope.ts'

/** The owner of a compartment. */
export interface Compartment {
  readonly type: string
  readonly id: string
}

/** The row lies in the compartment. */
export function inCompartment(scope: Scope, types: readonly string[], owner: Compartment): string {
  if (owner.type === 'Patient') {
    const patient = scope.binder.bind(owner.id, 'text')
    return `${scope.alias}.pat = ${patient} OR ${scope.alias}.pats @> ARRAY[${patient}]`
  }
  return anyOf(types.map((type) => ofType(scope, type, owner)))
}

function ofType(scope: Scope, type: string, owner: Compartment): string {
  const { alias, binder, knowledge } = scope
  const isType = `${alias}.type = ${binder.bind(type, 'text')}`
  if (type === owner.type) return allOf([isType, `${alias}.id = ${binder.bind(owner.id, 'text')}`])
  const parameters = knowledge.compartment(owner.type, type)
  if (parameters.length === 0) {
    throw new AppError('invalid-request', `${type} is not part of the ${owner.type} compartment.`)
  }
  const hashes = parameters.map((parameter) => knowledge.referenceHash(parameter, owner.type, owner.id))
  return allOf([isType, hasHash(scope, hashes)])
}
