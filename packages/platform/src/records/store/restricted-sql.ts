// The condition under which nothing withholds a row: what Consents and labels of the Patient say of it, and a broken glass.

/** Parameters of the condition, as they stand in the statement. */
export interface RestrictionParameters {
  /** Labels that are hidden from the caller: `bigint[]`. */
  readonly labels: string
  /** Who asks: `text[]`; null where nothing is withheld from the caller. */
  readonly identities: string
  /** Purpose of use: `text`. */
  readonly purpose: string
}

/** The row `alias` of records.resource or records.version is not withheld. */
export function notWithheld(alias: string, parameters: RestrictionParameters): string {
  const { labels, identities } = parameters
  // Without any restriction one look per statement decides; with some, one look per row by its patient.
  return `${identities} IS NULL OR ${alias}.pat IS NULL OR NOT EXISTS (SELECT 1 FROM records.restriction)
    OR NOT EXISTS (SELECT 1 FROM records.restriction c
      WHERE c.pat = ANY(COALESCE(${alias}.pats, ARRAY[${alias}.pat])) AND c.lifts IS NULL
        AND CASE WHEN c.hides IS NOT NULL THEN c.hides && ${labels}
          ELSE ${alias}.type <> ALL('{Patient,Consent,AuditEvent}') AND ${holds('c', alias, parameters)}
            AND NOT EXISTS (SELECT 1 FROM records.restriction e
              WHERE e.source = c.source AND e.lifts = c.nr AND ${holds('e', alias, parameters)}) END)`
}

// A restriction's condition on the row, caller and time.
function holds(one: string, alias: string, { identities, purpose }: RestrictionParameters): string {
  return `${one}.begins <= now() AND now() < ${one}.ends
            AND (${one}.identities IS NULL OR ${one}.identities && ${identities})
            AND (${one}.purposes IS NULL OR ${purpose} = ANY(${one}.purposes))
            AND (${one}.types IS NULL OR ${alias}.type = ANY(${one}.types))
            AND (${one}.records IS NULL OR ${alias}.type || '/' || ${alias}.id = ANY(${one}.records))
            AND (${one}.labels IS NULL OR COALESCE(${one}.labels && ${alias}.lbl, false))`
}

/** The glass is broken by the subject (null: by nobody) for every patient of the row. */
export function glassBroken(alias: string, subject: string): string {
  return `${subject} IS NOT NULL AND ${alias}.pat IS NOT NULL AND COALESCE(${alias}.pats, ARRAY[${alias}.pat])
      <@ ARRAY(SELECT g.pat FROM records.break_glass g WHERE g.subject = ${subject} AND g.begins <= now() AND now() < g.ends)`
}
