// Connections of gRPC to upstreams: shared by calls that come at once, replaced when they are closed.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { socketRules } from '../../../kernel/guarded-address.ts'
import { createGrpcSessions } from './grpc-sessions.ts'

test('calls that come at once share one connection, also when the one before is closed', async (t) => {
  const seen = { sessions: 0 }
  const server = createServer().on('session', () => {
    seen.sessions += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sessions = createGrpcSessions(socketRules(false))
  t.after(() => {
    sessions.closeAll()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [first, second] = await Promise.all([sessions.to(origin), sessions.to(origin)])
  assert.equal(first, second)
  first.destroy()
  const [third, fourth] = await Promise.all([sessions.to(origin), sessions.to(origin)])
  assert.equal(third, fourth)
  assert.notEqual(third, first)
  assert.equal(seen.sessions, 2)
})

test('an address that cannot be reached is tried anew by the next call', async () => {
  const sessions = createGrpcSessions(socketRules(false))
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const origin = `http://127.0.0.1:${port}`
  await assert.rejects(sessions.to(origin), { code: 'ECONNREFUSED' })
  await assert.rejects(sessions.to(origin), { code: 'ECONNREFUSED' })
})
