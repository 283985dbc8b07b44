// The access filter as parameters of a statement with a fixed text, so that point reads stay prepared.
import type { AccessFilter } from '../types.ts'
import { glassBroken, notWithheld } from './restricted-sql.ts'

/** The condition on a row of records.resource or records.version; its seven parameters start at `$first`. */
export function visibleTo(alias: string, first: number): string {
  const at = (offset: number, cast: string): string => `$${first + offset}::${cast}`
  const [types, patients, shared] = [at(0, 'text[]'), at(1, 'text[]'), at(2, 'text[]')]
  const labels = at(3, 'bigint[]')
  const withheld = { labels, identities: at(4, 'text[]'), purpose: at(5, 'text') }
  return `(${types} IS NULL OR ${alias}.type = ANY(${types}))
    AND (${patients} IS NULL OR ${alias}.pat = ANY(${patients}) OR ${alias}.pats && ${patients}
      OR (${alias}.pat IS NULL AND ${alias}.type = ANY(${shared})))
    AND (((${alias}.lbl IS NULL OR NOT ${alias}.lbl && ${labels}) AND (${notWithheld(alias, withheld)}))
      OR (${glassBroken(alias, at(6, 'text[]'))}))`
}

/**
 * The values of the parameters of {@link visibleTo}. Where the statement names one type itself, that type is decided here, so
 * that a point read does not carry a list of 140 types.
 */
export function accessValues(access: AccessFilter, type?: string): readonly unknown[] {
  const { restrictedAs } = access
  return [
    typesValue(access.types, type),
    access.patients === 'all' ? null : access.patients,
    access.sharedTypes,
    access.hiddenLabels,
    restrictedAs?.identities ?? null,
    restrictedAs?.purpose ?? null,
    restrictedAs?.glassBrokenBy ?? null,
  ]
}

function typesValue(types: AccessFilter['types'], type: string | undefined): readonly string[] | null {
  if (types === 'all') return null
  if (type === undefined) return types
  return types.includes(type) ? null : []
}
