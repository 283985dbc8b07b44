// Reads a search out of an HTTP request: the name and value pairs of address and form, and what the client prefers.
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'

/** Name and value pairs in the order sent. */
export type Pairs = readonly (readonly [string, string])[]

/** `Prefer: handling`; strict unless the client asks for lenient. */
export type Handling = 'strict' | 'lenient'

const maxPairs = 200

/** The pairs of the address, followed by those of a form body. */
export function pairsOf(request: FastifyRequest): Pairs {
  const mark = request.url.indexOf('?')
  const query = mark < 0 ? '' : request.url.slice(mark + 1)
  const form = typeof request.body === 'string' ? request.body : ''
  const pairs = [...decode(query), ...decode(form)]
  if (pairs.length > maxPairs) {
    throw new AppError(
      'invalid-request',
      `A search may have at most ${maxPairs} parameters; this one has ${pairs.length}.`,
    )
  }
  return pairs.filter(([name, value]) => !isFormat(name, value))
}

function decode(text: string): Pairs {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) {
    throw new AppError(
      'invalid-request',
      'The query has a % that is not followed by two hex digits; write a plain percent sign as %25.',
    )
  }
  return [...new URLSearchParams(text)]
}

const jsonFormats: ReadonlySet<string> = new Set(['json', 'application/json', 'application/fhir+json', 'text/json'])

// `_format` and `_pretty` concern the answer, not the search.
function isFormat(name: string, value: string): boolean {
  if (name === '_pretty') return true
  if (name !== '_format') return false
  const [format] = value.replace(' ', '+').split(';')
  if (format !== undefined && jsonFormats.has(format.trim())) return true
  throw new AppError('not-acceptable', 'Only JSON is served: leave _format out or ask for _format=json.')
}

/** What `Prefer: handling=` says. */
export function handlingOf(request: FastifyRequest): Handling {
  const prefer = [request.headers.prefer ?? ''].flat().join(',')
  return /(?:^|[,;\s])handling=lenient(?:$|[,;\s])/i.test(prefer) ? 'lenient' : 'strict'
}

/** Path and query as the audit trail keeps them; a form is written like an address. */
export function auditQuery(request: FastifyRequest): string {
  const form = typeof request.body === 'string' && request.body !== '' ? request.body : ''
  if (form === '') return request.url
  return `${request.url}${request.url.includes('?') ? '&' : '?'}${form}`
}
