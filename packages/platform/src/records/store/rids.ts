// Numbers for new versions, taken from the database in blocks of 1000.
import type { Queryable } from '../../kernel/sql.ts'

const blockSize = 1000

/** Gives out version numbers that no other process gives out. */
export interface Rids {
  take(sql: Queryable, count: number): Promise<readonly number[]>
}

/** Creates the source over records.rid_block; numbers of a failed write are never used again. */
export function createRids(): Rids {
  const state = { next: 0, end: 0 }
  return {
    async take(sql, count) {
      const taken: number[] = []
      const fill = () => {
        while (taken.length < count && state.next < state.end) {
          taken.push(state.next)
          state.next += 1
        }
      }
      fill()
      while (taken.length < count) {
        const [row] = await sql.query<{ readonly block: number }>({
          name: 'records_rid_block',
          text: `SELECT nextval('records.rid_block') AS block`,
        })
        const start = Number(row?.block) * blockSize
        // Another flow may have brought a block meanwhile; the rest of that one is let go.
        state.next = start
        state.end = start + blockSize
        fill()
      }
      return taken
    },
  }
}
