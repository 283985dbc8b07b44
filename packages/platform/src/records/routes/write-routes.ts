// HTTP of writing: create, update, patch, delete, their conditional forms, Bundles and $validate.
import { AppError } from '@xinglin/core/errors'
import { operationOutcome } from '@xinglin/core/fhir'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { etagOf } from '../write/precondition.ts'
import type { Target, WriteAnswer } from '../writes.ts'
import { fhirJson, takeJsonAsText } from './fhir-json.ts'
import { headerOf, wishesOf, written } from './negotiation.ts'
import { type RecordRouteOptions, servedAddress } from './read-routes.ts'

/** Limits of the routes. */
export interface WriteLimits {
  /** Largest body of one resource. */
  readonly resourceBytes: number
  /** Largest Bundle. */
  readonly bundleBytes: number
  /** Longest run of a Bundle. */
  readonly bundleMs: number
}

/** Limits where none are named. */
export const defaultWriteLimits: WriteLimits = Object.freeze({
  resourceBytes: 20_000_000,
  bundleBytes: 50_000_000,
  bundleMs: 120_000,
})

const config = { errors: 'fhir' } as const
const patchType = 'application/json-patch+json'
const statusOf = { created: 201, updated: 200, existing: 200, deleted: 204, unchanged: 204 } as const

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Routes under the FHIR base. */
export function writeRoutes(options: RecordRouteOptions, limits: WriteLimits = defaultWriteLimits): FastifyPluginAsync {
  const { records, context } = options
  const create: Handler = async (request, reply) => {
    const { type } = servedAddress(request, options)
    const condition = headerOf(request, 'if-none-exist')
    refuseQuery(request)
    const ifNoneExist = condition?.replace(/^[^?]*\?/, '')
    const answer = await records.create(context(request), { type, content: bodyOf(request) }, ifNoneExist)
    return answerWrite(request, reply, answer, options)
  }
  const update: Handler = async (request, reply) => {
    const target = targetOf(request, options)
    const answer = await records.update(context(request), { target, content: bodyOf(request) }, demandsOf(request))
    return answerWrite(request, reply, answer, options)
  }
  const patch: Handler = async (request, reply) => {
    const target = targetOf(request, options)
    if (headerOf(request, 'content-type')?.startsWith(patchType) !== true) {
      throw new AppError('unsupported-media-type', `Only JSON Patch is applied: send it as ${patchType}`)
    }
    const answer = await records.patch(context(request), { target, patch: bodyOf(request) }, demandsOf(request))
    return answerWrite(request, reply, answer, options)
  }
  const remove: Handler = async (request, reply) => {
    const target = targetOf(request, options)
    return answerWrite(request, reply, await records.delete(context(request), target, demandsOf(request)), options)
  }
  const bundle: Handler = async (request, reply) => {
    const wishes = wishesOf(request)
    const text = await records.bundle(context(request), bodyOf(request), wishes.prefer)
    return reply.type(fhirJson).send(written(text, wishes))
  }
  return async (app) => {
    takeJsonAsText(app)
    const route = { config, bodyLimit: limits.resourceBytes }
    app.post('/fhir/:type', route, create)
    for (const url of ['/fhir/:type/:id', '/fhir/:type']) {
      app.put(url, route, update)
      app.patch(url, route, patch)
      app.delete(url, route, remove)
    }
    for (const url of ['/fhir/:type/$validate', '/fhir/:type/:id/$validate'])
      app.post(url, route, validateHandler(options))
    const large = { config, bodyLimit: limits.bundleBytes, handlerTimeout: limits.bundleMs }
    if (options.system) app.post('/fhir', large, bundle)
  }
}

function validateHandler(options: RecordRouteOptions): Handler {
  return async (request, reply) => {
    const { type } = servedAddress(request, options)
    const wishes = wishesOf(request)
    const stranger = wishes.pairs.find(([name]) => name !== 'mode')
    if (stranger !== undefined) {
      throw new AppError(
        'unknown-parameter',
        `$validate takes mode, not ${stranger[0].slice(0, 60)}; profiles are not validated here`,
      )
    }
    const issues = await options.records.validate(options.context(request), type, bodyOf(request))
    return reply.type(fhirJson).send(written(JSON.stringify(operationOutcome(issues)), wishes))
  }
}

function bodyOf(request: FastifyRequest): string {
  if (typeof request.body === 'string') return request.body
  throw new AppError('malformed-body', 'The body is empty; send a FHIR resource as application/fhir+json')
}

function demandsOf(request: FastifyRequest) {
  return { ifMatch: headerOf(request, 'if-match'), ifNoneMatch: headerOf(request, 'if-none-match') }
}

function targetOf(request: FastifyRequest, options: RecordRouteOptions): Target {
  const { type, id } = servedAddress(request, options)
  if (id !== '') {
    refuseQuery(request)
    return { type, id }
  }
  const { pairs } = wishesOf(request)
  if (pairs.length === 0) {
    throw new AppError('invalid-request', `Name the record (${type}/id) or a condition (${type}?identifier=…)`)
  }
  return { type, criteria: String(new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]))) }
}

function refuseQuery(request: FastifyRequest): void {
  const [stranger] = wishesOf(request).pairs
  if (stranger === undefined) return
  throw new AppError('unknown-parameter', `This address takes _format and _pretty, not ${stranger[0].slice(0, 60)}`)
}

function answerWrite(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: WriteAnswer,
  options: RecordRouteOptions,
): FastifyReply {
  const wishes = wishesOf(request)
  const { version, outcome, warnings } = answer
  if (version !== undefined) {
    reply.header('etag', etagOf(version.version)).header('last-modified', version.at.toUTCString())
    const { type, id } = version
    const { baseUrl } = options.context(request)
    if (outcome !== 'deleted') reply.header('location', `${baseUrl}/${type}/${id}/_history/${version.version}`)
  }
  if (wishes.prefer === 'OperationOutcome') {
    const status = statusOf[outcome] === 204 ? 200 : statusOf[outcome]
    return reply
      .code(status)
      .type(fhirJson)
      .send(written(JSON.stringify(operationOutcome(warnings)), wishes))
  }
  reply.code(statusOf[outcome])
  if (wishes.prefer === 'minimal' || version?.content === undefined) return reply.send()
  return reply.type(fhirJson).send(written(version.content, wishes))
}
