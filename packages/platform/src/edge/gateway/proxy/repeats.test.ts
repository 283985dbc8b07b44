// What may be repeated reaches another target when the first one dies in the middle or says nothing; what may not, does not.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const shared: { own?: OwnGateway; broken: RequestListener; brokenCount: number } = {
  broken: () => undefined,
  brokenCount: 0,
}
const servers: Server[] = []

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

async function serve(onRequest: RequestListener): Promise<number> {
  const server = createServer(onRequest)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function define(path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  assert.equal((await fetch(`${shared.own?.adminUrl}${path}`, sent)).status, 201)
}

before(async () => {
  shared.own = await startOwnGateway()
  const broken = await serve((request, response) => {
    shared.brokenCount += 1
    shared.broken(request, response)
  })
  const sound = await serve(async (request, response) => {
    const text = await textOf(request)
    response.end(`sound ${request.method} ${text.length}`)
  })
  await define('/upstreams', { name: 'pair' })
  for (const port of [broken, sound]) await define('/upstreams/pair/targets', { target: `127.0.0.1:${port}` })
  await define('/services', { name: 'pair-service', host: 'pair', port: 80, protocol: 'http' })
  await define('/services/pair-service/routes', { paths: ['/pair'] })
  await delay(200)
})
after(async () => {
  await shared.own?.close()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

// Twice as many as there are targets, so that each one is asked first at least once.
async function askSome(init: RequestInit): Promise<readonly string[]> {
  const answers: string[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    const answer = await fetch(`${shared.own?.url}/pair/x`, init)
    answers.push(answer.ok ? await answer.text() : String(answer.status))
  }
  return answers
}

const dies: RequestListener = async (request) => {
  await textOf(request)
  request.socket.destroy()
}

// First, since a target that has failed too often is not asked for a while.
test('a target that says nothing is left for another one after five seconds', async () => {
  shared.broken = () => undefined
  shared.brokenCount = 0
  const begun = performance.now()
  const answers = await askSome({ method: 'GET' })
  assert.deepEqual(answers, Array(4).fill('sound GET 0'))
  assert.ok(shared.brokenCount > 0 && performance.now() - begun > 4900)
})

test('a PUT whose target dies after it has read the body is sent whole to another one', async () => {
  shared.broken = dies
  shared.brokenCount = 0
  const answers = await askSome({ method: 'PUT', body: 'x'.repeat(5000) })
  assert.deepEqual(answers, Array(4).fill('sound PUT 5000'))
  assert.ok(shared.brokenCount > 0)
})

test('a POST, and a change of a certain version, are not sent twice', async () => {
  shared.broken = dies
  for (const init of [{ method: 'POST' }, { method: 'PUT', headers: { 'if-match': 'W/"1"' } }]) {
    const answers = await askSome({ ...init, body: 'x' })
    assert.ok(answers.includes('502'), answers.join())
  }
})
