// What the parts of a running search share: its tools and limits, who asks, and what is answered.
import type { Sql } from '../../kernel/sql.ts'
import type { AccessFilter } from '../types.ts'
import type { Cursors } from './cursor.ts'
import type { SearchKnowledge } from './knowledge.ts'
import type { ShortcutGuess } from './quick-page.ts'
import type { StatementNames } from './statement-names.ts'
import type { TimeLimit } from './time-limit.ts'
import type { Turns } from './turns.ts'

/** The tools and limits of a search. */
export interface SearchEngine {
  readonly sql: Sql
  readonly knowledge: SearchKnowledge
  readonly cursors: Cursors
  readonly names: StatementNames
  readonly shortcuts: ShortcutGuess
  /** Undefined inside an open transaction. */
  readonly turns: Turns | undefined
  readonly limits: {
    readonly statementTimeoutMs: number
    readonly conditionTimeoutMs: number
    readonly maxChainDepth: number
    readonly maxIncluded: number
  }
}

/** Who asks, and what the answer's addresses are made of. */
export interface SearchCall {
  readonly access: AccessFilter
  /** Whose turn it takes, where the search is costly: the caller's subject. */
  readonly holder: string
  /** Absolute FHIR base. */
  readonly baseUrl: string
  /** Absolute address of the search without its query, e.g. `…/fhir/Observation`. */
  readonly selfUrl: string
}

/** The limits under which a call's statements run; `isSmall` when they need none. */
export function limitOf(engine: SearchEngine, { holder }: SearchCall, isSmall = false): TimeLimit {
  const { sql, turns, limits } = engine
  return { sql, turns, holder, limitMs: isSmall ? undefined : limits.statementTimeoutMs }
}

/** The answer, and what the audit trail wants to know of it. */
export interface SearchAnswer {
  readonly bundle: string
  readonly count: number
  /** Ids of the patients whose records are in the answer, bounded to 100. */
  readonly patients: readonly string[]
}

/** Largest page; a larger `_count` is capped and told. */
export const maxPageSize = 1000
const defaultPageSize = 20

/** The size of a page for what was asked. */
export function pageSize(asked: number | undefined): number {
  return Math.min(asked ?? defaultPageSize, maxPageSize)
}
