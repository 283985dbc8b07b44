// Definitions change under load: no request fails, no connection is dropped, and each change acts; what is counted meanwhile.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { type OwnGateway, startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'
import { createMetrics, noTelemetry } from '../../kernel/telemetry/index.ts'

const shared: { own?: OwnGateway } = {}
const upstream = createServer((_request, response) => void response.end('ok'))
const sockets = new WebSocketServer({ noServer: true })
const clients = 6

async function admin(method: string, path: string, body?: object): Promise<number> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${shared.own?.adminUrl}${path}`, { method, ...sent })
  await answer.text()
  return answer.status
}

before(async () => {
  upstream.on('upgrade', (asked, socket, head) => {
    sockets.handleUpgrade(asked, socket, head, (one) => one.on('message', (data) => one.send(data)))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const telemetry = { ...noTelemetry, metrics: createMetrics({ resource: { 'service.name': 'gateway' } }) }
  shared.own = await startOwnGateway({ telemetry })
  const { port } = upstream.address() as AddressInfo
  assert.equal(await admin('POST', '/upstreams', { name: 'lab.up' }), 201)
  assert.equal(await admin('POST', '/upstreams/lab.up/targets', { target: `127.0.0.1:${port}` }), 201)
  assert.equal(await admin('POST', '/services', { name: 'lab', host: 'lab.up' }), 201)
  assert.equal(await admin('POST', '/services/lab/routes', { paths: ['/lab'] }), 201)
})
after(async () => {
  await shared.own?.close()
  sockets.close()
  upstream.closeAllConnections()
  upstream.close()
})

interface Load {
  readonly isOver: () => boolean
  readonly connections: Set<Socket>
  readonly failures: string[]
  count: number
}

function read(url: string, agent: Agent, load: Load): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(url, { agent }, (answer) => {
      answer.resume()
      answer.once('end', () => {
        if (answer.statusCode !== 200) load.failures.push(String(answer.statusCode))
        load.count += 1
        resolve()
      })
    })
    asked.once('socket', (socket) => load.connections.add(socket))
    asked.once('error', (error) => {
      load.failures.push(error.message)
      resolve()
    })
    asked.end()
  })
}

async function client(url: string, load: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!load.isOver()) await read(url, agent, load)
  agent.destroy()
}

async function changeAll(round: number): Promise<void> {
  const name = `other-${round}`
  assert.equal(await admin('POST', '/services', { name, url: 'http://127.0.0.1:1' }), 201)
  assert.equal(await admin('POST', `/services/${name}/routes`, { name, paths: [`/lab/${name}`] }), 201)
  assert.equal((await fetch(`${shared.own?.url}/lab/${name}`)).status, 503, 'the new route acts at once')
  assert.equal(await admin('DELETE', `/routes/${name}`), 204)
  assert.equal((await fetch(`${shared.own?.url}/lab/${name}`)).status, 200, 'and is gone at once')
  assert.equal(await admin('DELETE', `/services/${name}`), 204)
  const { port } = upstream.address() as AddressInfo
  assert.equal(await admin('PATCH', `/upstreams/lab.up/targets/127.0.0.1:${port}`, { weight: 10 + round }), 200)
  assert.equal(await admin('POST', '/consumers', { username: name }), 201)
}

test('under load, changes drop no request, no connection and no WebSocket', async () => {
  const url = `${shared.own?.url}/lab/x`
  const state = { isOver: false }
  const load: Load = { isOver: () => state.isOver, connections: new Set(), failures: [], count: 0 }
  const socket = new WebSocket(url.replace('http', 'ws'))
  await once(socket, 'open')
  const running = Array.from({ length: clients }, () => client(url, load))
  for (let round = 0; round < 3; round++) await changeAll(round)
  state.isOver = true
  await Promise.all(running)
  assert.deepEqual(load.failures, [])
  assert.ok(load.count > 100, `${load.count} requests meanwhile`)
  assert.equal(load.connections.size, clients, 'each client kept its one connection')
  socket.send('still there')
  const [heard] = await once(socket, 'message')
  assert.equal(String(heard), 'still there')
  socket.terminate()
})

test('what went through is counted by route, service and class of status, for Prometheus', async () => {
  const answer = await fetch(`${shared.own?.adminUrl}/metrics`)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await answer.text()
  const value = (pattern: string): number => Number(new RegExp(`^${pattern} ([0-9.e+-]+)$`, 'm').exec(text)?.[1])
  assert.ok(value('xinglin_gateway_requests_total\\{route="[^"]+",service="lab",status_class="2xx"\\}') > 100)
  assert.equal(value('xinglin_gateway_requests_total\\{route="other-0",service="other-0",status_class="5xx"\\}'), 1)
  assert.ok(value('xinglin_gateway_request_duration_seconds_count\\{service="lab"\\}') > 100)
  assert.equal(value('xinglin_gateway_upstream_target_health\\{upstream="lab.up",target="127.0.0.1:\\d+"\\}'), 1)
  assert.equal(value('xinglin_gateway_upstream_target_circuit\\{upstream="lab.up",target="127.0.0.1:\\d+"\\}'), 0)
  assert.equal(value('xinglin_gateway_requests_active'), 0)
  assert.equal((await fetch(`${shared.own?.adminUrl}/metrics`, { method: 'POST' })).status, 405)
})
