// SQL of restrictions: those of changed sources go, those that hold now come, in the transaction of the change.
import type { Tx } from '../../kernel/sql.ts'
import { timestamp } from '../store/time.ts'
import type { Condition, Restriction } from './restriction.ts'

/** What a Consent or the label of a Patient withholds about a patient. */
export interface Source {
  /** `Consent/<id>` or `Patient/<id>`. */
  readonly reference: string
  readonly patients: readonly string[]
  readonly restrictions: readonly Restriction[]
  /** Labels of a Patient. */
  readonly hides: readonly number[]
}

interface Row extends Condition {
  readonly source: string
  readonly nr: number
  readonly pat: string
  readonly lifts: number | null
  readonly hides: readonly number[] | undefined
}

function rowsOf({ reference: source, patients, restrictions, hides }: Source): readonly Row[] {
  const rows: Row[] = []
  for (const pat of patients) {
    if (hides.length > 0) rows.push({ source, nr: rows.length, pat, lifts: null, hides })
    for (const { exceptions, ...condition } of restrictions) {
      const lifted = rows.length
      rows.push({ ...condition, source, nr: lifted, pat, lifts: null, hides: undefined })
      for (const exception of exceptions) {
        rows.push({ ...exception, source, nr: rows.length, pat, lifts: lifted, hides: undefined })
      }
    }
  }
  return rows
}

// Texts of patient, record and code need no quoting; each is of letters, digits and a few signs, or comes quoted.
const list = (values: readonly (string | number)[] | undefined): string | null =>
  values === undefined ? null : `{${values.map((value) => JSON.stringify(String(value))).join(',')}}`

/** Replaces what the sources withhold. */
export async function replaceRestrictions(tx: Tx, sources: readonly Source[]): Promise<void> {
  if (sources.length === 0) return
  await tx.query({
    name: 'records_drop_restrictions',
    text: 'DELETE FROM records.restriction WHERE source = ANY($1::text[])',
    values: [sources.map(({ reference }) => reference)],
  })
  const rows = sources.flatMap(rowsOf)
  if (rows.length === 0) return
  await tx.query({
    name: 'records_add_restrictions',
    text: `INSERT INTO records.restriction
        (source, nr, pat, lifts, hides, identities, purposes, types, records, labels, begins, ends)
      SELECT source, nr, pat, lifts, hides::bigint[], identities::text[], purposes::text[], types::text[], records::text[],
        labels::bigint[], begins, ends
      FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::timestamptz[], $12::timestamptz[])
        AS n(source, nr, pat, lifts, hides, identities, purposes, types, records, labels, begins, ends)`,
    values: [
      rows.map((row) => row.source),
      rows.map((row) => row.nr),
      rows.map((row) => row.pat),
      rows.map((row) => row.lifts),
      rows.map((row) => list(row.hides)),
      ...(['identities', 'purposes', 'types', 'records', 'labels'] as const).map((name) =>
        rows.map((row) => list(row[name])),
      ),
      rows.map((row) => (row.fromMs === undefined ? '-infinity' : timestamp(row.fromMs))),
      rows.map((row) => (row.untilMs === undefined ? 'infinity' : timestamp(row.untilMs))),
    ],
  })
}
