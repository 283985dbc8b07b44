// The signed position of the next page: the key values of the last row, bound to the query that it belongs to.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { AccessFilter } from '../types.ts'

/** Where a page ended: the text of each sort key (null where the row lacks it) and the row. */
export interface Position {
  readonly keys: readonly (string | null)[]
  readonly rid: number
}

/** Writes and reads signed positions. */
export interface Cursors {
  write(position: Position, fingerprint: string): string
  /** Throws `invalid-parameter` for a cursor that was changed or belongs to another search. */
  read(cursor: string, fingerprint: string): Position
}

/** Signs positions with the given key. */
export function createCursors(key: string | Uint8Array): Cursors {
  const sign = (body: string, fingerprint: string) =>
    createHmac('sha256', key).update(`${fingerprint}.${body}`).digest('base64url').slice(0, 32)
  return {
    write(position, fingerprint) {
      const body = Buffer.from(JSON.stringify([position.rid, ...position.keys])).toString('base64url')
      return `${body}.${sign(body, fingerprint)}`
    },
    read(cursor, fingerprint) {
      const [body, signature, ...rest] = cursor.split('.')
      if (body === undefined || signature === undefined || rest.length > 0) throw refused()
      const expected = Buffer.from(sign(body, fingerprint))
      const given = Buffer.from(signature)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused()
      const [rid, ...keys] = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as [
        number,
        ...(string | null)[],
      ]
      return { rid, keys }
    },
  }
}

function refused(): AppError {
  return new AppError(
    'invalid-parameter',
    'The parameter _cursor is not one that this search gave out. Start again at the first page and follow its next link unchanged.',
  )
}

const notPartOfTheQuery: ReadonlySet<string> = new Set(['_cursor', '_count', '_include', '_revinclude', '_total'])

/** What a cursor is bound to: the conditions, the order and what the caller may see. */
export function fingerprintOf(query: SearchQuery, access: AccessFilter): string {
  const conditions = query.understood.filter(([name]) => !notPartOfTheQuery.has(name.split(':')[0] ?? name))
  const sort = query.sort.map((key) => [
    typeof key.parameter === 'string' ? key.parameter : key.parameter.code,
    key.descending,
  ])
  const text = JSON.stringify([query.types, query.compartment ?? null, conditions, sort, access])
  return createHash('sha256').update(text).digest('base64url')
}
