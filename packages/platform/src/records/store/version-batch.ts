// Versions about to be written, as the columns of a statement or the rows of a COPY.
import { timestamp } from './time.ts'

/** A version about to be written. */
export interface NewVersion {
  readonly rid: number
  readonly type: string
  readonly id: string
  readonly version: number
  readonly at: Date
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly content: string | null
  readonly patients: readonly string[]
  readonly labels: readonly number[]
  /** Milliseconds; null when there is none. */
  readonly clinicalDate: number | null
  /** All true hashes as an array literal. */
  readonly tok: string
  /** True when no head can exist yet, because the store has just made the id. */
  readonly isFresh: boolean
}

/** A set of {@link NewVersion}. */
export interface VersionBatch {
  readonly size: number
  /** Columns of the one-statement write. */
  columns(): readonly unknown[]
  /** Columns of the statement that writes heads, without the content. */
  headColumns(): readonly unknown[]
  /** The part whose heads cannot exist yet, and the other part. */
  split(): { readonly fresh: VersionBatch; readonly known: VersionBatch }
  versionRows(): Iterable<readonly (string | number | null)[]>
  headRows(): Iterable<readonly (string | number | boolean | null)[]>
}

const patientOf = (version: NewVersion): string | null => version.patients[0] ?? null
const patientsOf = (version: NewVersion): string | null =>
  version.patients.length < 2 ? null : `{${version.patients.join(',')}}` // ids need no quoting
const labelsOf = (version: NewVersion): string | null =>
  version.labels.length === 0 ? null : `{${version.labels.join(',')}}`

/** The clinical date of a version as PostgreSQL takes it. */
export function clinicalTime(clinicalDate: number | null): string {
  return clinicalDate === null ? '-infinity' : timestamp(clinicalDate)
}

/** Makes a batch. */
export function versionBatch(versions: readonly NewVersion[]): VersionBatch {
  const common = () => [
    `{${versions.map((version) => version.rid).join(',')}}`,
    versions.map((version) => version.type),
    versions.map((version) => version.id),
    `{${versions.map((version) => version.version).join(',')}}`,
    versions.map((version) => version.at.toISOString()),
    versions.map((version) => version.method),
    versions.map(patientOf),
    versions.map(patientsOf),
    versions.map(labelsOf),
  ]
  const head = () => [
    versions.map((version) => clinicalTime(version.clinicalDate)),
    versions.map((version) => version.tok),
  ]
  return {
    size: versions.length,
    columns: () => [...common(), versions.map((version) => version.content), ...head()],
    headColumns: () => [...common(), ...head()],
    split: () => ({
      fresh: versionBatch(versions.filter((version) => version.isFresh)),
      known: versionBatch(versions.filter((version) => !version.isFresh)),
    }),
    versionRows: () => versions.map(versionRow),
    headRows: () => versions.map(headRow),
  }
}

/** The columns of {@link VersionBatch.versionRows}. */
export const versionTarget = 'records.version (rid, type, id, ver, at, method, pat, pats, lbl, content)'
/** The columns of {@link VersionBatch.headRows}. */
export const headTarget = 'records.resource (type, id, rid, ver, deleted, at, dt, pat, pats, lbl, tok)'

function versionRow(version: NewVersion): readonly (string | number | null)[] {
  const { rid, type, id, version: ver, at, method, content } = version
  const where = [patientOf(version), patientsOf(version), labelsOf(version)]
  return [rid, type, id, ver, at.toISOString(), method, ...where, content]
}

function headRow(version: NewVersion): readonly (string | number | boolean | null)[] {
  const { rid, type, id, version: ver, at, method, clinicalDate, tok } = version
  const where = [patientOf(version), patientsOf(version), labelsOf(version)]
  return [type, id, rid, ver, method === 'DELETE', at.toISOString(), clinicalTime(clinicalDate), ...where, tok]
}
