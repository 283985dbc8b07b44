// What the record store is made of; its chapters take the parts that they need from here.
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { Audit, Clock } from '../kernel/ports.ts'
import type { Queryable, Sql } from '../kernel/sql.ts'
import type { FindMatches } from './conditions.ts'
import type { Preparer } from './prepare/preparer.ts'
import type { AccessFilter } from './types.ts'
import type { CommitParts } from './write/commit.ts'

/** The search side of the store over a pool or an open transaction. */
export interface SearchSide {
  readonly findMatches: FindMatches
  search(
    query: SearchQuery,
    call: {
      readonly access: AccessFilter
      readonly holder: string
      readonly baseUrl: string
      readonly selfUrl: string
    },
  ): Promise<{ readonly bundle: string; readonly patients: readonly string[] }>
}

/** Writes and reads the signed positions of pages. */
export interface PageCursors {
  write(position: { readonly keys: readonly (string | null)[]; readonly rid: number }, fingerprint: string): string
  read(cursor: string, fingerprint: string): { readonly keys: readonly (string | null)[]; readonly rid: number }
}

/** The parts. */
export interface RecordParts {
  readonly sql: Sql
  readonly audit: Audit
  readonly clock: Clock
  readonly newId: () => string
  readonly preparer: Preparer
  readonly commit: CommitParts
  readonly searchOn: (sql: Sql) => SearchSide
  readonly findMatches: FindMatches
  readonly cursors: PageCursors
  readonly types: ReadonlySet<string>
  readonly transactionMs: number
}

/** An open transaction where a pool is asked for: its statements and its nested work run in it. */
export function asSql(tx: Queryable & Parameters<Parameters<Sql['transaction']>[0]>[0]): Sql {
  return {
    query: (statement) => tx.query(statement),
    transaction: (work) => work(tx),
    listen: () => Promise.reject(new Error('A transaction does not listen')),
    close: () => Promise.reject(new Error('A transaction is not closed by who uses it')),
  }
}
