// What the record store is made with, and how its parts are made of it.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import { indexRows, parameterHash, resourceTypes } from '@xinglin/core/fhir/search'
import type { Audit, Clock, Events, Ids } from '../kernel/ports.ts'
import type { Sql } from '../kernel/sql.ts'
import type { RecordParts, SearchSide } from './parts.ts'
import { createPreparer, type PreparePool } from './prepare/preparer.ts'
import { createCursors } from './search/cursor.ts'
import { createRids } from './store/rids.ts'
import { createRuleStore } from './store/rule-store.ts'
import type { WriteRule } from './types.ts'

/** What the record store is made with. */
export interface RecordsOptions {
  readonly sql: Sql
  readonly audit: Audit
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** Write rules of all services, also of those that run elsewhere. */
  readonly rules: readonly WriteRule[]
  readonly validate: (resource: Resource) => readonly Issue[]
  /** The search side over a pool or a transaction: `(sql) => createSearch({ sql, … })`. */
  readonly searchOn: (sql: Sql) => SearchSide
  /** Secret that signs the positions of pages; the same in every process. */
  readonly cursorKey: string | Uint8Array
  /** Threads for large bodies; without them they are prepared in the calling thread. */
  readonly pool?: PreparePool
  /** Most entries of a Bundle; default 10 000. */
  readonly maxEntries?: number
  /** Longest transaction; default 60 s. */
  readonly transactionMs?: number
  /** Refuse literal references to records that are not here; default false. */
  readonly checkReferences?: boolean
}

/** Makes the parts; limits that are not named get their defaults. */
export function partsOf(options: RecordsOptions): RecordParts {
  const { sql, audit, events, clock, ids, rules, validate, searchOn } = options
  const tools = { validate, indexRows, newId: () => ids.uuid() }
  const { maxEntries = 10_000, transactionMs = 60_000, checkReferences = false, pool } = options
  const preparer = createPreparer({ tools, pool, maxEntries, types: resourceTypes })
  const ruleStore = createRuleStore({ indexRows, parameterHash: (parameter) => parameterHash(parameter) })
  return {
    sql,
    audit,
    clock,
    transactionMs,
    searchOn,
    types: new Set(resourceTypes),
    findMatches: searchOn(sql).findMatches,
    cursors: createCursors(options.cursorKey),
    newId: tools.newId,
    preparer,
    commit: {
      preparer,
      rules,
      ruleStore,
      rids: createRids(),
      trail: { audit, events },
      clock,
      checkReferences,
    },
  }
}
