// Names for the statements of the most frequent searches, so that PostgreSQL parses and plans them once per connection.
import { createHash } from 'node:crypto'
import type { Queryable } from '../../kernel/sql.ts'

/** Gives the first few texts a name; a named statement stays in every connection, so later ones go without. */
export interface StatementNames {
  of(sql: Queryable, text: string): Promise<string | undefined>
}

const maxNames = 64
const minRecords = 1000
const checkEveryMs = 30_000

/** Creates the names of one process. */
export function createStatementNames(nowMs: () => number = () => performance.now()): StatementNames {
  const names = new Map<string, string>()
  const state = { isReady: false, checkedMs: Number.NEGATIVE_INFINITY }
  // A plan that was kept from an empty store walks through a type when the store has grown: PostgreSQL must have counted first.
  const isReady = async (sql: Queryable): Promise<boolean> => {
    if (state.isReady || nowMs() - state.checkedMs < checkEveryMs) return state.isReady
    state.checkedMs = nowMs()
    const [table] = await sql.query<{ readonly records: number }>({
      text: `SELECT reltuples AS records FROM pg_class WHERE oid = 'records.resource'::regclass`,
    })
    state.isReady = (table?.records ?? 0) >= minRecords
    return state.isReady
  }
  return {
    async of(sql, text) {
      if (!(await isReady(sql))) return undefined
      const known = names.get(text)
      if (known !== undefined || names.size >= maxNames) return known
      const name = `records_search_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
      names.set(text, name)
      return name
    },
  }
}
