// Whether something about a patient may be withheld from a caller, told by the rules alone: that nothing is there, or much, is
// not told.
import type { Queryable } from '../../kernel/sql.ts'
import type { AccessFilter } from '../types.ts'

/** True when a Consent or the label of the Patient applies to the caller now, whatever records there are. */
export async function isSomethingWithheld(sql: Queryable, patient: string, access: AccessFilter): Promise<boolean> {
  const { restrictedAs, hiddenLabels } = access
  if (restrictedAs === undefined) return false
  const rows = await sql.query({
    name: 'records_is_withheld',
    text: `SELECT 1 FROM records.restriction c WHERE c.pat = $1 AND c.lifts IS NULL
      AND CASE WHEN c.hides IS NOT NULL THEN c.hides && $2::bigint[]
        ELSE ${applies('c')} AND NOT EXISTS (SELECT 1 FROM records.restriction e
          WHERE e.source = c.source AND e.lifts = c.nr AND ${applies('e')}
            AND e.types IS NULL AND e.records IS NULL AND e.labels IS NULL) END
      LIMIT 1`,
    values: [patient, hiddenLabels, restrictedAs.identities, restrictedAs.purpose],
  })
  return rows.length > 0
}

function applies(one: string): string {
  return `${one}.begins <= now() AND now() < ${one}.ends
    AND (${one}.identities IS NULL OR ${one}.identities && $3::text[])
    AND (${one}.purposes IS NULL OR $4::text = ANY(${one}.purposes))`
}
