// The edge's own headers are on every answer, whoever writes it: a service elsewhere, one in this process, or the edge itself.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type OwnGateway, startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'
import { issueToken } from './index.ts'

const site = 'https://site.example'
const shared: { own?: OwnGateway; token: string } = { token: '' }
const upstream = createServer((request, response) => {
  if (request.url?.endsWith('/dies') === true) return void request.socket.destroy()
  response.writeHead(200, { vary: 'Accept', 'x-own': '1' }).end('ok')
})

async function define(path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  assert.equal((await fetch(`${shared.own?.adminUrl}${path}`, sent)).status, 201)
}

before(async () => {
  shared.own = await startOwnGateway({ settings: { CORS_ORIGINS: site } })
  shared.token = await issueToken(shared.own.sql, { role: 'operator' })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  await define('/services', { name: 'there', url: `http://127.0.0.1:${port}` })
  await define('/services/there/routes', { paths: ['/there'] })
  await define('/services/there/plugins', { name: 'cors', config: { origins: [site, 'https://other.example'] } })
  await define('/services/there/plugins', { name: 'rate-limiting', config: { hour: 1000, policy: 'local' } })
  await delay(200)
})
after(async () => {
  await shared.own?.close()
  upstream.closeAllConnections()
  upstream.close()
})

interface Told {
  readonly status: number
  readonly head: string
}

/** Asks over a connection of its own, as a page of that site. */
async function ask(line: string, more = ''): Promise<Told> {
  const socket = connect(Number(new URL(shared.own?.url ?? '').port), '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  const common = `Host: x\r\nX-Request-Id: mine\r\nOrigin: ${site}\r\nAuthorization: Bearer ${shared.token}\r\n`
  const connection = more.includes('Upgrade:') ? '' : 'Connection: close\r\n'
  socket.write(`${line} HTTP/1.1\r\n${common}${connection}${more}\r\n`)
  await new Promise((resolve) => socket.once('close', resolve))
  const [head = ''] = text.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), head }
}

const upgrade = 'Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const preflight = 'Access-Control-Request-Method: PUT\r\n'
const everywhere = [/^x-request-id: mine$/im]
const crossing = [...everywhere, new RegExp(`^access-control-allow-origin: ${site}$`, 'im'), /^vary: Origin$/im]
const limited = [...crossing, /^ratelimit: "/im, /^ratelimit-policy: "/im]

test('every answer has the headers of the edge that belong to it', async () => {
  const cases: readonly (readonly [string, string, number, readonly RegExp[]])[] = [
    ['GET /there/x', '', 200, [...limited, /^vary: Accept$/im, /^x-own: 1$/im]],
    ['HEAD /there/x', '', 200, limited],
    ['GET /there/dies', '', 502, limited],
    ['OPTIONS /there/x', preflight, 204, [...crossing, /^access-control-allow-methods: /im]],
    ['GET /api/v1/patients', '', 200, limited],
    ['GET /fhir/Observation', '', 200, limited],
    ['POST /api/v1/patients', 'Content-Length: 999999999999\r\n', 413, limited],
    ['GET /health/live', '', 200, everywhere],
    ['GET /health/targets', '', 200, [...everywhere, /^ratelimit: "/im]],
    ['DELETE /health/live', '', 405, [...everywhere, /^allow: /im]],
    ['GET /auth/session', '', 401, everywhere],
    ['GET /nowhere', '', 404, everywhere],
    ['GET /there/%2e%2e/x', '', 400, everywhere],
    ['GET /nowhere', upgrade, 404, everywhere],
    ['GET /there/dies', upgrade, 502, [...everywhere, /^ratelimit: "/im]],
  ]
  for (const [line, more, status, patterns] of cases) {
    const told = await ask(line, more)
    assert.equal(told.status, status, `${line} ${told.head}`)
    for (const pattern of patterns) assert.match(told.head, pattern, line)
  }
})

test('each header of the edge is there once', async () => {
  for (const path of ['/there/x', '/there/dies', '/api/v1/patients', '/health/targets', '/nowhere']) {
    const { head } = await ask(`GET ${path}`)
    const names = head.split('\r\n').map((line) => line.split(':', 1)[0]?.toLowerCase())
    const twice = names.filter((name, at) => name !== 'vary' && names.indexOf(name) !== at)
    assert.deepEqual(twice, [], path)
  }
})

test('guesses of a credential are counted by address: 401 until the tokens are gone, then 429', async () => {
  const settings = { RATE_LIMIT_BURST: '3', RATE_LIMIT_PER_SECOND: '1' }
  const strict = await startOwnGateway({ settings })
  await delay(200)
  const told: string[] = []
  for (let guess = 0; guess < 5; guess += 1) {
    const headers = { authorization: `Bearer ${['a.b.c', 'no', 'x'][guess % 3]}${guess}` }
    const answer = await fetch(`${strict.url}/fhir/Patient`, { headers })
    const { resourceType } = (await answer.json()) as { resourceType?: string }
    assert.ok(answer.headers.get('ratelimit') !== null && answer.headers.get('x-request-id') !== null)
    told.push(`${answer.status} ${resourceType}`)
  }
  await strict.close()
  assert.deepEqual(told.slice(0, 3), Array(3).fill('401 OperationOutcome'))
  assert.ok(told.includes('429 OperationOutcome'), told.join())
})
