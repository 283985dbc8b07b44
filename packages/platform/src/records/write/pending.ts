// A change that is about to be made, before the record's current version is known.
import type { Prepared } from '../prepare/types.ts'
import type { StoredVersion } from '../types.ts'

/** One change of one record. */
export interface Pending {
  /** Position in the Bundle; undefined for a request of its own. */
  readonly index: number | undefined
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly type: string
  readonly id: string
  /** Content of POST and PUT: the record at `ordinal` of `prepared`. */
  readonly prepared: Prepared | undefined
  readonly ordinal: number
  readonly patch: readonly unknown[] | undefined
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /** True when the store has just made the id, so that nothing can be there. */
  readonly isFresh: boolean
}

/** What became of a change. */
export interface Written {
  /** `existing`: an update of what is there already; `unchanged`: there was nothing to delete. */
  readonly outcome: 'created' | 'updated' | 'deleted' | 'existing' | 'unchanged'
  /** The version now current; undefined when there was nothing to delete. */
  readonly version: StoredVersion | undefined
}
