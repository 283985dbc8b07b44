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
export function notWithheld(alias: string, { labels, identities, purpose }: RestrictionParameters): string {
  const pats = `COALESCE(${alias}.pats, ARRAY[${alias}.pat])`
  // Where nobody restricts anything one look per statement decides. Else one by the patient does for almost every row; the
  // function is dear, and asked only where a patient restricts somebody like the caller.
  const mayBe = `SELECT 1 FROM records.restriction c WHERE c.pat = ${alias}.pat AND c.lifts IS NULL
      AND (c.identities IS NULL OR c.identities && ${identities})`
  return `${identities} IS NULL OR ${alias}.pat IS NULL OR NOT EXISTS (SELECT 1 FROM records.restriction)
    OR (${alias}.pats IS NULL AND NOT EXISTS (${mayBe}))
    OR NOT records.withheld(${alias}.type, ${alias}.id, ${pats}, ${alias}.lbl, ${labels}, ${identities}, ${purpose})`
}

/** The glass is broken for every patient of the row, by the person: subject and name as `text[]`, null for nobody. */
export function glassBroken(alias: string, by: string): string {
  return `${by} IS NOT NULL AND ${alias}.pat IS NOT NULL AND COALESCE(${alias}.pats, ARRAY[${alias}.pat])
      <@ ARRAY(SELECT g.pat FROM records.break_glass g
        WHERE g.subject = (${by})[1] AND g.name = (${by})[2] AND g.begins <= now() AND now() < g.ends)`
}
