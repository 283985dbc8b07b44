// Whether something about a patient may be withheld from a caller, told by the rules alone: that nothing is there, or much, is
// not told.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import type { Queryable } from '../../kernel/sql.ts'
import { accessFor, restrictionFor } from '../access/index.ts'
import type { AccessFilter } from '../types.ts'

/** True when a Consent or the label of the Patient applies to the caller now, whatever records there are. */
export async function isSomethingWithheld(sql: Queryable, patient: string, access: AccessFilter): Promise<boolean> {
  return (await withholding(sql, [patient], access)).length > 0
}

/**
 * Those of the patients who withhold anything at all from the caller now, whether a glass is broken or not: for services
 * that work on what was taken out of records, and cannot tell of which.
 */
export function patientsWithholding(
  sql: Queryable,
  caller: Caller,
  patients: readonly string[],
): Promise<readonly string[]> {
  return withholding(sql, patients, restrictionFor(caller))
}

async function withholding(
  sql: Queryable,
  patients: readonly string[],
  { restrictedAs, hiddenLabels }: Pick<AccessFilter, 'restrictedAs' | 'hiddenLabels'>,
): Promise<readonly string[]> {
  if (restrictedAs === undefined || patients.length === 0) return []
  const rows = await sql.query<{ readonly pat: string }>({
    name: 'records_withholding',
    text: `SELECT DISTINCT c.pat FROM records.restriction c WHERE c.pat = ANY($1::text[]) AND c.lifts IS NULL
      AND CASE WHEN c.hides IS NOT NULL THEN c.hides && $2::bigint[]
        ELSE ${applies('c')} AND NOT EXISTS (SELECT 1 FROM records.restriction e
          WHERE e.source = c.source AND e.lifts = c.nr AND ${applies('e')}
            AND e.types IS NULL AND e.records IS NULL AND e.labels IS NULL) END
      ORDER BY c.pat`,
    values: [patients, hiddenLabels, restrictedAs.identities, restrictedAs.purpose],
  })
  return rows.map(({ pat }) => pat)
}

function applies(one: string): string {
  return `${one}.begins <= now() AND now() < ${one}.ends
    AND (${one}.identities IS NULL OR ${one}.identities && $3::text[])
    AND (${one}.purposes IS NULL OR $4::text = ANY(${one}.purposes))`
}

const maxRows = 50_000

interface Withholding {
  readonly pat: string
  /** Single records as `Type/id`; null where none are named. */
  readonly records: readonly string[] | null
}

/** Records of one type that a service keeps outside this store. */
export interface KeptElsewhere {
  readonly type: string
  /** Says whether the service knows its records by such ids; by default by none. */
  readonly isId?: (id: string) => boolean
}

/**
 * What is withheld from the caller now of the records of a type, by a Consent or by the label of the Patient: for services
 * that keep such records outside this store and must honour the same word. Gives ids of patients who withhold all of them,
 * and `patient/id` where a denial names single ones. A denial of single records by ids that the service does not know counts
 * for all of them, one by label for none, since what is kept elsewhere has no label.
 * @throws AppError 'unavailable' beyond 50 000 denials, rather than to forget one
 */
export async function withheldElsewhere(
  sql: Queryable,
  caller: Caller,
  { type, isId = () => false }: KeptElsewhere,
): Promise<readonly string[]> {
  const { restrictedAs, hiddenLabels } = accessFor(caller).read
  if (restrictedAs === undefined) return []
  const { identities, purpose, glassBrokenBy = [null, null] } = restrictedAs
  const rows = await sql.query<Withholding>({
    name: 'records_withheld_elsewhere',
    text: `SELECT DISTINCT c.pat, CASE WHEN c.hides IS NULL THEN c.records END AS records
      FROM records.restriction c WHERE c.lifts IS NULL
      AND CASE WHEN c.hides IS NOT NULL THEN c.hides && $2::bigint[]
        ELSE ${applies('c')} AND ${isOfType('c')} AND c.labels IS NULL
          AND (c.records IS NULL OR EXISTS (SELECT 1 FROM unnest(c.records) r WHERE starts_with(r, $1::text || '/')))
          AND NOT EXISTS (SELECT 1 FROM records.restriction e WHERE e.source = c.source AND e.lifts = c.nr
            AND ${applies('e')} AND ${isOfType('e')} AND e.records IS NULL AND e.labels IS NULL) END
      AND NOT EXISTS (SELECT 1 FROM records.break_glass g
        WHERE g.pat = c.pat AND g.subject = $5 AND g.name = $6 AND g.begins <= now() AND now() < g.ends)
      ORDER BY c.pat LIMIT ${maxRows + 1}`,
    values: [type, hiddenLabels, identities, purpose, ...glassBrokenBy],
  })
  if (rows.length <= maxRows) return [...new Set(rows.flatMap((row) => named(row, type, isId)))]
  throw new AppError('unavailable', 'More patients withhold such records than can be told apart', {
    retryAfterSeconds: 60,
  })
}

function named({ pat, records }: Withholding, type: string, isId: (id: string) => boolean): readonly string[] {
  if (records === null) return [pat]
  const ids = records.filter((record) => record.startsWith(`${type}/`)).map((record) => record.slice(type.length + 1))
  return ids.every(isId) ? ids.map((id) => `${pat}/${id}`) : [pat]
}

const isOfType = (one: string): string => `(${one}.types IS NULL OR $1::text = ANY(${one}.types))`
