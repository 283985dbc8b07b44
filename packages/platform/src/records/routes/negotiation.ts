// What a client asks of the answer: format, how pretty, how much of it (http://hl7.org/fhir/R4/http.html#mime-type).
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import type { ReturnPreference } from '../bundle/response.ts'
import { type Pairs, pairsOf } from './search-request.ts'

/** How the answer is to be written. */
export interface Wishes {
  readonly isPretty: boolean
  readonly prefer: ReturnPreference | undefined
  /** The pairs of the query that do not concern the format. */
  readonly pairs: Pairs
}

const served: ReadonlySet<string> = new Set([
  'application/fhir+json',
  'application/json',
  'text/json',
  'application/*',
  'text/html',
  '*/*',
  'json',
])

/** Reads the wishes; throws `not-acceptable` when no JSON is accepted. */
export function wishesOf(request: FastifyRequest): Wishes {
  const query = new URLSearchParams(request.url.split('?')[1] ?? '')
  // `_format` goes before Accept, for browsers cannot set the latter; pairsOf refuses formats that are not JSON.
  const pairs = pairsWithoutForm(request)
  if (!query.has('_format')) requireAcceptable(request.headers.accept)
  return { isPretty: query.get('_pretty') === 'true', prefer: preferenceOf(request), pairs }
}

// A form or a resource in the body has no part in the address.
function pairsWithoutForm(request: FastifyRequest): Pairs {
  return pairsOf({ url: request.url } as FastifyRequest) // it reads url and body only
}

function requireAcceptable(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return
  const kinds = accept.split(',').map((part) => part.split(';'))
  const isServed = kinds.some(([kind = '', ...parameters]) => {
    const isRefused = parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter))
    return !isRefused && served.has(kind.trim().toLowerCase().replace(' ', '+'))
  })
  if (!isServed) throw new AppError('not-acceptable', 'Only application/fhir+json is served; accept it or */*')
}

function preferenceOf(request: FastifyRequest): ReturnPreference | undefined {
  const prefer = [request.headers.prefer ?? ''].flat().join(',')
  const found = /(?:^|[,;\s])return=(minimal|representation|OperationOutcome)(?:$|[,;\s])/.exec(prefer)?.[1]
  return found as ReturnPreference | undefined // the expression allows no other
}

/** The text, indented when that was asked for. */
export function written(text: string, wishes: Wishes): string {
  return wishes.isPretty ? JSON.stringify(JSON.parse(text), null, 2) : text
}

/** One header as text. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
