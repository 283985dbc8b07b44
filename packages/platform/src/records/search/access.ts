// The access filter as SQL: every statement of search names it for each resource row that it touches.
import { glassBroken, notWithheld } from '../store/restricted-sql.ts'
import type { AccessFilter } from '../types.ts'
import type { Binder } from './binder.ts'
import { allOf } from './scope.ts'

/** The condition under which the row `alias` of records.resource may be seen; deleted rows never may. */
export function visible(alias: string, access: AccessFilter, binder: Binder): string {
  const conditions = [`NOT ${alias}.deleted`]
  if (access.types !== 'all') conditions.push(`${alias}.type = ANY(${binder.bind(access.types, 'text[]')})`)
  if (access.patients !== 'all') conditions.push(withinPatients(alias, access, binder))
  const shown = notHidden(alias, access, binder)
  if (shown.length > 0) conditions.push(brokenOr(alias, access, binder, allOf(shown)))
  return allOf(conditions)
}

function notHidden(alias: string, access: AccessFilter, binder: Binder): readonly string[] {
  const { hiddenLabels, restrictedAs } = access
  if (hiddenLabels.length === 0 && restrictedAs === undefined) return []
  const labels = binder.bind(hiddenLabels, 'bigint[]')
  const label = hiddenLabels.length === 0 ? [] : [`${alias}.lbl IS NULL OR NOT ${alias}.lbl && ${labels}`]
  if (restrictedAs === undefined) return label
  const identities = binder.bind(restrictedAs.identities, 'text[]')
  const purpose = binder.bind(restrictedAs.purpose, 'text')
  return [...label, notWithheld(alias, { labels, identities, purpose })]
}

function brokenOr(alias: string, { restrictedAs }: AccessFilter, binder: Binder, shown: string): string {
  const by = restrictedAs?.glassBrokenBy
  return by === undefined ? shown : `(${shown}) OR (${glassBroken(alias, binder.bind(by, 'text[]'))})`
}

function withinPatients(alias: string, access: AccessFilter, binder: Binder): string {
  const patients = binder.bind(access.patients, 'text[]')
  const own = `${alias}.pat = ANY(${patients}) OR ${alias}.pats && ${patients}`
  if (access.sharedTypes.length === 0) return own
  const shared = binder.bind(access.sharedTypes, 'text[]')
  return `${own} OR (${alias}.pat IS NULL AND ${alias}.type = ANY(${shared}))`
}

/** Whether the filter lets any resource of the type be seen at all. */
export function maySeeType(access: AccessFilter, type: string): boolean {
  return access.types === 'all' || access.types.includes(type)
}
