// May this caller make this change? Types, compartments and labels, before and after.
import { AppError } from '@xinglin/core/errors'
import type { Access } from '../types.ts'

type Verb = 'create' | 'update' | 'delete'

/** Throws `forbidden` when the caller may not do this with the type at all. */
export function requireWritable(access: Access, type: string, verb: Verb): void {
  const allows = (types: 'all' | readonly string[]): boolean => types === 'all' || types.includes(type)
  if (allows(access.write) && (access.verbs === undefined || allows(access.verbs[verb]))) return
  throw new AppError('forbidden', `Your roles and scopes do not allow you to ${verb} ${type}`)
}

/** Throws `forbidden` when the caller may not read the type: a patch tells by its tests and its answer what is there. */
export function requireReadable(access: Access, type: string): void {
  const { types } = access.read
  if (types === 'all' || types.includes(type)) return
  throw new AppError('forbidden', `Your roles and scopes do not allow you to read ${type}, which a patch does`)
}

/** Where a record lies. */
export interface Place {
  readonly patients: readonly string[]
  readonly labels: readonly number[]
}

/** Throws `forbidden` when the record, as it would be, lies outside what the caller may see. */
export function requireWithin(access: Access, key: string, place: Place): void {
  const { patients, hiddenLabels } = access.read
  if (patients !== 'all') {
    const isOwn = place.patients.length > 0 && place.patients.every((patient) => patients.includes(patient))
    if (!isOwn) throw new AppError('forbidden', `${key} is not about you alone; you may write only your own records`)
  }
  if (place.labels.some((label) => hiddenLabels.includes(label))) {
    throw new AppError('forbidden', `${key} has a security label that you may not use`)
  }
}
