// The access filter as four parameters of a statement with a fixed text, so that point reads stay prepared.
import type { AccessFilter } from '../types.ts'

/** The condition on a row of records.resource or records.version; its parameters start at `$first`. */
export function visibleTo(alias: string, first: number): string {
  const [types, patients, shared, labels] = [first, first + 1, first + 2, first + 3].map((n) => `$${n}`)
  return `(${types}::text[] IS NULL OR ${alias}.type = ANY(${types}::text[]))
    AND (${patients}::text[] IS NULL OR ${alias}.pat = ANY(${patients}::text[]) OR ${alias}.pats && ${patients}::text[]
      OR (${alias}.pat IS NULL AND ${alias}.type = ANY(${shared}::text[])))
    AND (${alias}.lbl IS NULL OR NOT ${alias}.lbl && ${labels}::bigint[])`
}

/**
 * The values of the parameters of {@link visibleTo}. Where the statement names one type itself, that type is decided here, so
 * that a point read does not carry a list of 140 types.
 */
export function accessValues(access: AccessFilter, type?: string): readonly unknown[] {
  return [
    typesValue(access.types, type),
    access.patients === 'all' ? null : access.patients,
    access.sharedTypes,
    access.hiddenLabels,
  ]
}

function typesValue(types: AccessFilter['types'], type: string | undefined): readonly string[] | null {
  if (types === 'all') return null
  if (type === undefined) return types
  return types.includes(type) ? null : []
}
