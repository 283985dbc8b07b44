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

const formats = ['application/fhir+json', 'application/json', 'text/json', 'json'] as const
/** Names of JSON in `_format`. */
const jsonFormats: ReadonlySet<string> = new Set(formats)
/** What may be accepted, browsers included. */
const served: ReadonlySet<string> = new Set([...formats, 'application/*', 'text/html', '*/*'])

/** Reads the wishes; throws `not-acceptable` when no JSON is accepted. `form` is the body of a POST _search. */
export function wishesOf(request: FastifyRequest, form = ''): Wishes {
  const pairs = pairsOf(request.url, form)
  const asked = new Map(pairs)
  // `_format` goes before Accept, for browsers cannot set the latter.
  const format = asked.get('_format')
  if (format === undefined) requireAcceptable(request.headers.accept)
  else requireFormat(format)
  return {
    isPretty: asked.get('_pretty') === 'true',
    prefer: preferenceOf(request),
    pairs: pairs.filter(([name]) => name !== '_format' && name !== '_pretty'),
  }
}

// A plus sign that was not percent-encoded arrives as a space.
function requireFormat(format: string): void {
  const [kind = ''] = format.replace(' ', '+').split(';')
  if (jsonFormats.has(kind.trim().toLowerCase())) return
  throw new AppError('not-acceptable', 'Only JSON is served: leave _format out or ask for _format=json.')
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

// Indenting is for eyes, and holds up everybody else meanwhile.
const maxPrettyCharacters = 1_000_000

/** The text, indented when that was asked for and it is not too long to be read. */
export function written(text: string, wishes: Wishes): string {
  return wishes.isPretty && text.length <= maxPrettyCharacters ? JSON.stringify(JSON.parse(text), null, 2) : text
}

/** One header as text. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
