// Uploads over a real connection: one that is refused early holds up no later request.
import assert from 'node:assert/strict'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import multipart from '@fastify/multipart'
import fastify from 'fastify'
import { readUpload } from './upload.ts'

test('an upload that is refused early does not keep the next request of its connection waiting', async () => {
  const app = fastify({ bodyLimit: 10_000_000 })
  await app.register(multipart)
  app.post('/', async (request) => (await readUpload(request, 5_000_000)).graph.length)
  app.get('/next', async () => 'next')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const part = (name: string, length: number) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n${'x'.repeat(length)}\r\n`
  const body = `${part('unknown', 1)}${part('model', 3_000_000)}--b--\r\n`
  const type = 'multipart/form-data; boundary=b'
  const socket = connect(port, '127.0.0.1')
  const answers: string[] = []
  socket.on('data', (chunk) => answers.push(chunk.toString('latin1')))
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  for (let waited = 0; waited < 4000 && !answers.join('').endsWith('next'); waited += 20) await delay(20)
  socket.destroy()
  app.server.closeAllConnections()
  await app.close()
  assert.match(answers.join(''), /only|no other/)
  assert.match(answers.join(''), /200 OK[\s\S]*next$/)
})
