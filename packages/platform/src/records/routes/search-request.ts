// Reads a search out of an HTTP request: the name and value pairs of address and form, and what the client prefers.
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import { queryPairs } from '../search/query-pairs.ts'

/** Name and value pairs in the order sent. */
export type Pairs = readonly (readonly [string, string])[]

/** `Prefer: handling`; strict unless the client asks for lenient. */
export type Handling = 'strict' | 'lenient'

const maxPairs = 200

/** The pairs of an address, followed by those of a form. */
export function pairsOf(url: string, form = ''): Pairs {
  const mark = url.indexOf('?')
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const pairs = [...queryPairs(query), ...queryPairs(form)]
  if (pairs.length > maxPairs) {
    throw new AppError(
      'invalid-request',
      `A search may have at most ${maxPairs} parameters; this one has ${pairs.length}.`,
    )
  }
  return pairs
}

/** The form in the body of a POST _search. */
export function formOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : ''
}

/** What `Prefer: handling=` says. */
export function handlingOf(request: FastifyRequest): Handling {
  const prefer = [request.headers.prefer ?? ''].flat().join(',')
  return /(?:^|[,;\s])handling=lenient(?:$|[,;\s])/i.test(prefer) ? 'lenient' : 'strict'
}

/** Path and query as the audit trail keeps them; a form is written like an address. */
export function auditQuery(request: FastifyRequest): string {
  const form = formOf(request)
  if (form === '') return request.url
  return `${request.url}${request.url.includes('?') ? '&' : '?'}${form}`
}
