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

/** The values of the parameters of {@link visibleTo}. */
export function accessValues(access: AccessFilter): readonly unknown[] {
  return [
    access.types === 'all' ? null : access.types,
    access.patients === 'all' ? null : access.patients,
    access.sharedTypes,
    access.hiddenLabels,
  ]
}
