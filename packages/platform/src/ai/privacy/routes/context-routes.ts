// HTTP of contexts: the key owner puts a public one, data owners fetch it to encrypt.
import { Readable } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { createContext, demandContext, removeContext, replaceKeys } from '../contexts.ts'
import type { PrivacyParts } from '../parts.ts'
import { listContexts } from '../store/context-store.ts'
import { bodyBytes, guarded } from './guarded.ts'
import { Address, ContextQuery, ListQuery, NoQuery } from './schemas.ts'
import { ShownContext, showContext } from './shown.ts'

const base = '/api/v1/private/contexts'
// The caller is checked before the request, so that a refusal tells nothing about its form.
const attachValidation = true

function beforeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new AppError('invalid-parameter', 'before must be a time such as createdAt')
  return date
}

/** The routes. */
export function contextRoutes(parts: PrivacyParts): FastifyPluginAsync {
  const create = guarded(parts, 'private-context', async (asker, request, reply) => {
    const { label = 'Encrypted computation', minContributors = 1 } = request.query as Static<typeof ContextQuery>
    const context = await createContext(parts, asker, { bytes: bodyBytes(request), label, minContributors })
    reply.code(201).header('location', `${base}/${context.id}`)
    return showContext(context)
  })
  const list = guarded(parts, 'private-context', async (_asker, request) => {
    const { before } = request.query as Static<typeof ListQuery>
    const contexts = (await listContexts(parts.sql, beforeOf(before))).map(showContext)
    const last = contexts.length === 100 ? contexts.at(-1) : undefined
    return { contexts, ...(last === undefined ? {} : { next: `${base}?before=${last.createdAt}` }) }
  })
  const read = guarded(parts, 'private-context', async (_asker, request) =>
    showContext(await demandContext(parts, (request.params as Static<typeof Address>).id)),
  )
  const bytes = guarded(parts, 'private-context', async (_asker, request, reply) => {
    const context = await demandContext(parts, (request.params as Static<typeof Address>).id)
    const stream = await parts.blobs.get(context.blob)
    if (stream === undefined) throw new Error(`The blob of the context ${context.id} is missing`)
    reply.type('application/octet-stream').header('etag', `"${context.sha256}"`)
    reply.header('content-length', context.sizeBytes)
    return reply.send(Readable.from(stream))
  })
  const replace = guarded(parts, 'private-context', async (asker, request) => {
    const { id } = request.params as Static<typeof Address>
    return showContext(await replaceKeys(parts, asker, { id, bytes: bodyBytes(request) }))
  })
  const remove = guarded(parts, 'private-context', async (asker, request, reply) => {
    await removeContext(parts, asker, (request.params as Static<typeof Address>).id)
    reply.code(204)
  })
  return async (app) => {
    const bodyLimit = parts.settings.maxContextBytes
    const address = { params: Address, querystring: NoQuery }
    const listed = Type.Object({ contexts: Type.Array(ShownContext), next: Type.Optional(Type.String()) })
    const created = { querystring: ContextQuery, response: { 201: ShownContext } }
    app.post(base, { attachValidation, bodyLimit, schema: created }, create)
    app.get(base, { attachValidation, schema: { querystring: ListQuery, response: { 200: listed } } }, list)
    app.get(`${base}/:id`, { attachValidation, schema: { ...address, response: { 200: ShownContext } } }, read)
    app.get(`${base}/:id/bytes`, { attachValidation, schema: address }, bytes)
    const replaced = { attachValidation, bodyLimit, schema: { ...address, response: { 200: ShownContext } } }
    app.put(`${base}/:id/evaluation-keys`, replaced, replace)
    app.delete(`${base}/:id`, { attachValidation, schema: address }, remove)
  }
}
