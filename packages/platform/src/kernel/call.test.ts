// Calls between services: locally and over HTTP with the same answers, retries where they are safe, a breaker, a deadline.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { silentLogger } from '../testing/silent-logger.ts'
import { createCalls } from './call.ts'
import type { Caller } from './caller.ts'
import { systemClock } from './clock.ts'
import { buildServiceApp } from './http.ts'
import { signInternalToken, verifyInternalToken } from './internal-token.ts'
import type { CallService, Instance } from './ports.ts'

const key = new Uint8Array(32).fill(3)
const self: Caller = { subject: 'emr', name: 'emr', roles: ['system'], scopes: [], purpose: 'HOPERAT' }
const chen: Caller = { ...self, subject: 'dr-chen', name: '陈医生' }
const hasCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code

function serviceWith(counts: Map<string, number>): FastifyInstance {
  const routes: FastifyPluginAsync = async (app) => {
    app.get('/who', (request) => ({ subject: request.caller.subject, traceId: request.traceId }))
    app.post('/echo', (request) => request.body)
    app.delete('/gone', (_request, reply) => reply.code(204).send())
    app.route({
      method: ['GET', 'POST'],
      url: '/flaky',
      handler: async (request) => {
        const count = (counts.get(request.method) ?? 0) + 1
        counts.set(request.method, count)
        if (count < 3) throw new AppError('unavailable', 'not yet')
        return { count }
      },
    })
    app.get('/slow', () => new Promise(() => undefined))
  }
  return buildServiceApp({
    service: 'sample',
    running: { routes },
    verifyCaller: (token) => verifyInternalToken(token, key),
    log: silentLogger,
    clock: systemClock,
  })
}

const callsTo = (local: FastifyInstance | undefined, instances: readonly Instance[]) =>
  createCalls({
    local: () => local,
    registry: { instances: () => instances },
    sign: (caller) => signInternalToken(caller, key),
    self,
    clock: systemClock,
  })

async function checkAnswers(call: CallService): Promise<void> {
  const traceId = 'c'.repeat(32)
  const headers = { traceparent: `00-${traceId}-${'d'.repeat(16)}-01` }
  const own = await call('sample')('/who', { headers })
  assert.deepEqual(await own.json(), { subject: 'emr', traceId })
  const asChen = await call('sample')('/who', { caller: chen })
  assert.equal(((await asChen.json()) as { subject: string }).subject, 'dr-chen')
  const json = {
    method: 'POST',
    body: JSON.stringify({ name: '张三' }),
    headers: { 'content-type': 'application/json' },
  }
  assert.deepEqual(await (await call('sample')('/echo', json)).json(), { name: '张三' })
  assert.equal((await call('sample')('/gone', { method: 'DELETE' })).status, 204)
  assert.equal((await call('sample')('/nowhere')).status, 404)
  await assert.rejects(call('sample')('/slow', { timeoutMs: 50 }), hasCode('timeout'))
}

test('a local call and a call over HTTP give the same answers, caller, trace and deadline', async () => {
  const app = serviceWith(new Map())
  const local = callsTo(app, [])
  await checkAnswers(local.call)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const instance: Instance = { id: '1', service: 'sample', address: '127.0.0.1', port, healthy: true, tags: [] }
  const remote = callsTo(undefined, [instance])
  await checkAnswers(remote.call)
  await local.close()
  await remote.close()
  await app.close()
})

test('retries what is idempotent and never a POST', async () => {
  const counts = new Map<string, number>()
  const app = serviceWith(counts)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const { call, close } = callsTo(undefined, [
    { id: '1', service: 'sample', address: '127.0.0.1', port, healthy: true, tags: [] },
  ])
  assert.equal((await call('sample')('/flaky')).status, 200)
  assert.equal((await call('sample')('/flaky', { method: 'POST' })).status, 503)
  assert.deepEqual(Object.fromEntries(counts), { GET: 3, POST: 1 })
  await close()
  await app.close()
})

test('passes over a dead instance, and says unavailable when all are dead or none is known', async () => {
  const app = serviceWith(new Map())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const dead: Instance = { id: 'dead', service: 'sample', address: '127.0.0.1', port: 1, healthy: true, tags: [] }
  const both = callsTo(undefined, [dead, { ...dead, id: 'alive', port }])
  for (let round = 0; round < 10; round++) assert.equal((await both.call('sample')('/who')).status, 200)
  const none = callsTo(undefined, [])
  await assert.rejects(none.call('sample')('/who'), hasCode('unavailable'))
  const broken = callsTo(undefined, [dead])
  for (let round = 0; round < 3; round++) await assert.rejects(broken.call('sample')('/who'), hasCode('unavailable'))
  for (const calls of [both, none, broken]) await calls.close()
  await app.close()
})

test('sends a POST again only where nobody can have read it', async () => {
  const [app, gone] = [serviceWith(new Map()), serviceWith(new Map())]
  const ports: number[] = []
  for (const one of [app, gone]) {
    await one.listen({ port: 0, host: '127.0.0.1' })
    ports.push((one.server.address() as AddressInfo).port)
  }
  await gone.close()
  const instances = ports.map((port, at): Instance => {
    return { id: String(at), service: 'sample', address: '127.0.0.1', port, healthy: true, tags: [] }
  })
  const { call, close } = callsTo(undefined, instances)
  const echo = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } }
  for (let round = 0; round < 10; round++) assert.equal((await call('sample')('/echo', echo)).status, 200)
  await close()
  await app.close()
})

test('lets no id lead to another address: dot segments are refused before anything is asked', async () => {
  const { call, close } = callsTo(serviceWith(new Map()), [])
  for (const id of ['.', '..', '%2e%2E', '.%2e', '../who', './', '..\\who', '..?_id=1', '..#']) {
    await assert.rejects(call('sample')(`/who/${id}`), hasCode('unprocessable'), id)
  }
  for (const id of ['...', '.a', 'a..', '1.2.3', 'x?next=/../y']) {
    assert.equal((await call('sample')(`/who/${id}`)).status, 404, id)
  }
  await close()
})
