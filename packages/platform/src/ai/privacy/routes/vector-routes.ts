// HTTP of encrypted vectors: contributions come in, results go to the key owner.
import { Readable } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { demandContext } from '../contexts.ts'
import type { PrivacyParts } from '../parts.ts'
import { listVectors } from '../store/vector-store.ts'
import { createVector, demandVector, openVector, removeVector } from '../vectors.ts'
import { bodyBytes, guarded } from './guarded.ts'
import { Address, NoQuery, VectorQuery } from './schemas.ts'
import { ShownVector, showVector } from './shown.ts'

const base = '/api/v1/private'
const attachValidation = true

/** The routes. */
export function vectorRoutes(parts: PrivacyParts): FastifyPluginAsync {
  const create = guarded(parts, 'private-vector', async (asker, request, reply) => {
    const { id: contextId } = request.params as Static<typeof Address>
    const { label = 'Contribution', patient } = request.query as Static<typeof VectorQuery>
    const vector = await createVector(parts, asker, { contextId, bytes: bodyBytes(request), label, patient })
    reply.code(201).header('location', `${base}/vectors/${vector.id}`)
    return showVector(vector)
  })
  const list = guarded(parts, 'private-vector', async ({ caller }, request) => {
    const context = await demandContext(parts, (request.params as Static<typeof Address>).id)
    const isAll = caller.subject === context.owner || caller.roles.some((role) => role === 'admin' || role === 'system')
    const vectors = await listVectors(parts.sql, context.id, isAll ? undefined : caller.subject)
    return { vectors: vectors.map(showVector) }
  })
  const read = guarded(parts, 'private-vector', async (asker, request) => {
    const { vector } = await demandVector(parts, asker, (request.params as Static<typeof Address>).id)
    return showVector(vector)
  })
  const bytes = guarded(parts, 'private-vector', async (asker, request, reply) => {
    const { vector, stream } = await openVector(parts, asker, (request.params as Static<typeof Address>).id)
    reply.type('application/octet-stream').header('etag', `"${vector.sha256}"`)
    reply.header('content-length', vector.sizeBytes)
    return reply.send(Readable.from(stream))
  })
  const remove = guarded(parts, 'private-vector', async (asker, request, reply) => {
    await removeVector(parts, asker, (request.params as Static<typeof Address>).id)
    reply.code(204)
  })
  return async (app) => {
    const address = { params: Address, querystring: NoQuery }
    const created = { params: Address, querystring: VectorQuery, response: { 201: ShownVector } }
    const bodyLimit = parts.settings.maxVectorBytes
    const listed = { ...address, response: { 200: Type.Object({ vectors: Type.Array(ShownVector) }) } }
    app.post(`${base}/contexts/:id/vectors`, { attachValidation, bodyLimit, schema: created }, create)
    app.get(`${base}/contexts/:id/vectors`, { attachValidation, schema: listed }, list)
    app.get(`${base}/vectors/:id`, { attachValidation, schema: { ...address, response: { 200: ShownVector } } }, read)
    app.get(`${base}/vectors/:id/bytes`, { attachValidation, schema: address }, bytes)
    app.delete(`${base}/vectors/:id`, { attachValidation, schema: address }, remove)
  }
}
