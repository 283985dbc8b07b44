// What preparing a body yields: records ready to be stored and their index rows as columns that cross threads cheaply.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { IndexRows } from '@xinglin/core/fhir/search'

/** The pure parts of the core that preparing needs. */
export interface PrepareTools {
  readonly validate: (resource: Resource) => readonly Issue[]
  readonly indexRows: (resource: Resource, options?: { readonly baseUrl?: string }) => IndexRows
  readonly newId: () => string
}

/** A validated, indexed record whose version and time are not known yet. */
export interface PreparedRecord {
  readonly type: string
  readonly id: string
  /** The JSON text that follows the value of meta.lastUpdated. */
  readonly tail: string
  /** All true hashes as a PostgreSQL array literal. */
  readonly tok: string
  /** Milliseconds, or null when there is none. */
  readonly clinicalDate: number | null
  readonly patients: readonly string[]
  readonly labels: readonly number[]
}

/** Index rows of several records as columns; `of` is the position of the record a row belongs to. */
export interface RowColumns {
  readonly tokens: { readonly of: Uint32Array; readonly h: Float64Array }
  readonly strings: RangelessColumns & { readonly v: readonly string[]; readonly raw: readonly string[] }
  readonly dates: RangeColumns
  readonly numbers: RangeColumns
  readonly references: RangelessColumns & { readonly type: readonly string[]; readonly id: readonly string[] }
}

interface RangelessColumns {
  readonly of: Uint32Array
  readonly p: Float64Array
}

interface RangeColumns extends RangelessColumns {
  readonly lo: Float64Array
  readonly hi: Float64Array
}

/** Records with their index rows. */
export interface Prepared {
  readonly records: readonly PreparedRecord[]
  readonly columns: RowColumns
  /** Findings that do not refuse. */
  readonly warnings: readonly Issue[]
}
