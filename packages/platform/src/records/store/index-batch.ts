// Index rows about to be written, as the columns of a statement or the rows of a COPY.
import type { Prepared, RowColumns } from '../prepare/types.ts'
import { timestamp } from './time.ts'
import { clinicalTime } from './version-batch.ts'

/** Prepared records with the number that each of them got; a record that is not written has none. */
export interface NumberedRecords {
  readonly prepared: Prepared
  readonly rids: readonly (number | undefined)[]
}

/** Rows of the index tables. */
export interface IndexBatch {
  readonly size: number
  columns(): readonly unknown[]
  /** Each table with its columns and rows; empty ones are left out. */
  tables(): readonly { readonly target: string; readonly rows: Iterable<readonly (string | number)[]> }[]
}

type Row = readonly (string | number)[]

/** Makes a batch; records without a number leave no rows. */
export function indexBatch(sets: readonly NumberedRecords[]): IndexBatch {
  const tables = () => [
    { target: 'records.token_index (h, dt, rid)', rows: sets.flatMap(tokenRows) },
    { target: 'records.string_index (p, v, raw, rid)', rows: sets.flatMap(stringRows) },
    { target: 'records.date_index (p, lo, hi, rid)', rows: sets.flatMap(dateRows) },
    { target: 'records.number_index (p, lo, hi, rid)', rows: sets.flatMap(numberRows) },
    { target: 'records.compartment_index (pat, rid)', rows: sets.flatMap(compartmentRows) },
    { target: 'records.reference_index (p, type, id, rid)', rows: sets.flatMap(referenceRows) },
  ]
  return {
    size: sets.reduce((sum, set) => sum + rowCount(set.prepared.columns), 0),
    columns: () => tables().flatMap(({ target, rows }) => transposed(rows, target.split(',').length)),
    tables: () => tables().filter((table) => table.rows.length > 0),
  }
}

function rowCount({ tokens, strings, dates, numbers, references }: RowColumns): number {
  return tokens.of.length + strings.of.length + dates.of.length + numbers.of.length + references.of.length
}

function transposed(rows: readonly Row[], width: number): readonly unknown[] {
  return Array.from({ length: width }, (_column, at) => rows.map((row) => row[at]))
}

// Rows of the records that have a number; `make` gets the position of the row and the number of its record.
function numbered(
  of: Uint32Array,
  rids: NumberedRecords['rids'],
  make: (at: number, rid: number) => Row,
): readonly Row[] {
  const rows: Row[] = []
  for (let at = 0; at < of.length; at += 1) {
    const rid = rids[of[at] ?? -1]
    if (rid !== undefined) rows.push(make(at, rid))
  }
  return rows
}

// The first patient of a record stands in its head; most records have no other.
function compartmentRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  return prepared.records.flatMap(({ patients }, at): readonly Row[] => {
    const rid = rids[at]
    return rid === undefined ? [] : patients.slice(1).map((patient) => [patient, rid])
  })
}

function tokenRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  const { of, h } = prepared.columns.tokens
  const times = prepared.records.map((record) => clinicalTime(record.clinicalDate))
  return numbered(of, rids, (at, rid) => [h[at] ?? 0, times[of[at] ?? 0] ?? '-infinity', rid])
}

function stringRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  const { of, p, v, raw } = prepared.columns.strings
  return numbered(of, rids, (at, rid) => [p[at] ?? 0, v[at] ?? '', raw[at] ?? '', rid])
}

function dateRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  const { of, p, lo, hi } = prepared.columns.dates
  return numbered(of, rids, (at, rid) => [p[at] ?? 0, timestamp(lo[at] ?? 0), timestamp(hi[at] ?? 0), rid])
}

function numberRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  const { of, p, lo, hi } = prepared.columns.numbers
  return numbered(of, rids, (at, rid) => [p[at] ?? 0, lo[at] ?? 0, hi[at] ?? 0, rid])
}

function referenceRows({ prepared, rids }: NumberedRecords): readonly Row[] {
  const { of, p, type, id } = prepared.columns.references
  return numbered(of, rids, (at, rid) => [p[at] ?? 0, type[at] ?? '', id[at] ?? '', rid])
}
