// Opens the record store with its search over one database: what every process that serves FHIR has.
import { searchKnowledge } from '@xinglin/core/fhir/search'
import { validateResource } from '@xinglin/core/fhir/validation'
import type { OwnedSql } from '../kernel/sql.ts'
import type { RecordsOptions } from './options.ts'
import { createRecords, type Records } from './records.ts'
import type { FhirRoutesOptions } from './routes/fhir-routes.ts'
import { createSearch, type Search } from './search/search.ts'
import { createStatementNames } from './search/statement-names.ts'
import { createTurns } from './search/turns.ts'

/** The store's own tables. */
export const recordsSql: OwnedSql = { schema: 'records', folder: new URL('./sql/', import.meta.url) }

/** What {@link openRecords} takes; validation and search are the core's own. */
export interface OpenRecordsOptions extends Omit<RecordsOptions, 'validate' | 'searchOn'> {
  /** Absolute FHIR base under which absolute references are records here. */
  readonly baseUrl: string
  /** How many costly searches may run at once; fewer than the pool has connections. Default 8. */
  readonly costlySearches?: number
}

/** The store and its search. */
export interface OpenRecords {
  readonly records: Records
  readonly search: Search
}

/** What a service needs to serve the types that it owns. */
export type FhirServing = Omit<FhirRoutesOptions, 'types' | 'system'>

/** Opens the store; nothing is read yet. */
export function openRecords(options: OpenRecordsOptions): OpenRecords {
  const { sql, cursorKey, baseUrl } = options
  const knowledge = searchKnowledge(baseUrl)
  const statementNames = createStatementNames()
  const { costlySearches: atOnce = 8 } = options
  const turns = createTurns({ atOnce, ofOne: Math.ceil(atOnce * 0.75), waiting: 200, waitMs: 5000 })
  const searchOn = (on: typeof sql): Search => {
    const parts = { sql: on, knowledge, cursorKey, statementNames }
    return createSearch(on === sql ? { ...parts, turns } : parts)
  }
  return {
    records: createRecords({ ...options, validate: validateResource, searchOn }),
    search: searchOn(sql),
  }
}
