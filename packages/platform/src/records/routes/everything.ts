// HTTP of Patient/$everything and Patient/{id}/$everything.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Audit } from '../../kernel/ports.ts'
import { isObject, parseResource } from '../prepare/parse-body.ts'
import type { EverythingQuery } from '../search/everything-page.ts'
import type { Search } from '../search/search.ts'
import type { RecordContext } from '../types.ts'
import { audited } from './audited.ts'
import { fhirJson, takeJsonAsText } from './fhir-json.ts'
import { wishesOf, written } from './negotiation.ts'
import type { Pairs } from './search-request.ts'

/** What the routes need. */
export interface EverythingRouteOptions {
  readonly search: Search
  readonly audit: Audit
  readonly types: readonly string[]
  readonly context: (request: FastifyRequest) => RecordContext
}

/** Routes of the operation, by GET and POST. */
export function everythingRoutes(options: EverythingRouteOptions): FastifyPluginAsync {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const { bundle, wishes } = await audited(request, options.audit, async () => {
      const asked = wishesOf(request)
      const { id } = request.params as { readonly id?: string }
      const context = options.context(request)
      const selfUrl = `${context.baseUrl}/Patient${id === undefined ? '' : `/${id}`}/$everything`
      const query = parseEverything([...asked.pairs, ...bodyPairs(request)], id, options.types)
      const call = { access: context.access.read, holder: context.caller.subject, baseUrl: context.baseUrl, selfUrl }
      return { ...(await options.search.everything(query, call)), interaction: '$everything', wishes: asked }
    })
    return await reply.type(fhirJson).send(written(bundle, wishes))
  }
  return async (app) => {
    takeJsonAsText(app)
    for (const url of ['/fhir/Patient/$everything', '/fhir/Patient/:id/$everything']) {
      app.route({ method: ['GET', 'POST'], url, config: { errors: 'fhir' }, handler: answer })
    }
  }
}

// A POST may carry a Parameters resource: each parameter's primitive value is a pair.
function bodyPairs(request: FastifyRequest): Pairs {
  if (typeof request.body !== 'string' || request.body === '') return []
  const { value } = parseResource(request.body)
  if (value.resourceType !== 'Parameters') throw new AppError('invalid-request', '$everything takes Parameters')
  const { parameter } = value
  return Array.isArray(parameter) ? parameter.flatMap(parameterPair) : []
}

function parameterPair(parameter: unknown): Pairs {
  if (!isObject(parameter)) return []
  const { name, ...values } = parameter
  const value = Object.entries(values).find(([element]) => element.startsWith('value'))?.[1]
  return typeof name === 'string' && value !== undefined ? [[name, String(value)]] : []
}

/** Reads the operation's parameters; unknown ones are refused. */
export function parseEverything(pairs: Pairs, patient: string | undefined, types: readonly string[]): EverythingQuery {
  const value = (name: string) => pairs.findLast(([given]) => given === name)?.[1]
  const unknown = pairs.find(([name]) => !['_count', '_since', '_type', 'start', 'end', '_cursor'].includes(name))
  if (unknown !== undefined) {
    throw new AppError(
      'unknown-parameter',
      `$everything knows _count, _since, _type, start and end, but not ${unknown[0].slice(0, 64)}.`,
    )
  }
  const asked = pairs.filter(([name]) => name === '_type').flatMap(([, text]) => text.split(','))
  const wrong = asked.find((type) => !types.includes(type))
  if (wrong !== undefined)
    throw new AppError(
      'invalid-parameter',
      `_type names ${JSON.stringify(wrong.slice(0, 64))}, which is not a resource type.`,
    )
  return {
    patient,
    types: asked,
    sinceMs: instant('_since', value('_since')),
    startMs: instant('start', value('start')),
    endMs: endOf(value('end')),
    count: countOf(value('_count')),
    cursor: value('_cursor'),
    understood: pairs,
  }
}

const dateForm = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

function instant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = dateForm.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw new AppError('invalid-parameter', `${name} must be a date such as 2026-01-31 or an instant.`)
  return ms
}

// The end is included, with the precision in which it is written.
function endOf(text: string | undefined): number | undefined {
  const from = instant('end', text)
  if (from === undefined || text === undefined) return undefined
  const next = new Date(from)
  if (text.length === 4) return next.setUTCFullYear(next.getUTCFullYear() + 1)
  if (text.length === 7) return next.setUTCMonth(next.getUTCMonth() + 1)
  return from + (text.length === 10 ? 86_400_000 : 1)
}

function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new AppError('invalid-parameter', '_count must be a whole number of at least 1.')
  return Number(text)
}
