// Pages of a list in Kong's shape: size and an opaque offset (pure).
import type { Entity } from './entities.ts'
import { KongError } from './kong-error.ts'

const defaultSize = 100
const maxSize = 1000

/** One page. */
export interface Page {
  readonly data: readonly Entity[]
  readonly next: string | null
  readonly offset?: string
}

/** The page that `size` and `offset` ask for. @throws KongError 400 when they cannot be used */
export function pageOf(entities: readonly Entity[], query: URLSearchParams, path: string): Page {
  const size = Number(query.get('size') ?? defaultSize)
  if (!Number.isInteger(size) || size < 1 || size > maxSize) {
    throw new KongError(400, {
      message: 'invalid size: size must be an integer between 1 and 1000',
      name: 'invalid size',
      code: 9,
    })
  }
  const offset = query.get('offset')
  const after =
    offset === null ? -1 : entities.findIndex(({ id }) => id === Buffer.from(offset, 'base64url').toString())
  if (offset !== null && after === -1) {
    throw new KongError(400, { message: 'invalid offset: bad offset string', name: 'invalid offset', code: 7 })
  }
  const data = entities.slice(after + 1, after + 1 + size)
  const last = data.at(-1)
  if (last === undefined || after + 1 + size >= entities.length) return { data, next: null }
  const next = Buffer.from(last.id).toString('base64url')
  return { data, next: `${path}?offset=${next}&size=${size}`, offset: next }
}
