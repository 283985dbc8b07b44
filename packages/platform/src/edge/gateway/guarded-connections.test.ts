// However a request is carried on, it is not carried to where a cloud tells its machines their secrets, unless that is allowed.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { WebSocket } from 'ws'
import { fixedRegistry, type OwnGateway, startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'

interface Seen {
  readonly gateway: OwnGateway
  /** What has arrived at the services, by kind. */
  readonly arrived: Record<'http' | 'websocket' | 'grpc' | 'probe', number>
}

async function listening(context: TestContext, server: Server): Promise<number> {
  context.after(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function define(gateway: OwnGateway, path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${gateway.adminUrl}${path}`, sent)
  assert.equal(answer.status, 201, await answer.text())
}

// The unspecified address leads to this machine, so that what is not refused is seen to arrive; a registry can name it.
async function scene(context: TestContext, settings: Readonly<Record<string, string>>): Promise<Seen> {
  const arrived: Seen['arrived'] = { http: 0, websocket: 0, grpc: 0, probe: 0 }
  const http = createServer((_request: IncomingMessage, response) => {
    arrived.http += 1
    response.end('the secret of this machine')
  })
  http.on('upgrade', (_request, socket) => {
    arrived.websocket += 1
    socket.end('HTTP/1.1 418 No\r\nContent-Length: 0\r\n\r\n')
  })
  const grpc = createHttp2()
  grpc.on('stream', (stream) => {
    arrived.grpc += 1
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true })
  })
  const probed = createTcp((socket) => {
    arrived.probe += 1
    socket.destroy()
  })
  const ports = {
    http: await listening(context, http),
    grpc: await listening(context, grpc as unknown as Server),
    probe: await listening(context, probed),
  }
  const registry = fixedRegistry(
    Object.entries(ports).map(([name, port]) => {
      return { id: name, service: `by-${name}`, address: '0.0.0.0', port, healthy: true, tags: [] }
    }),
  )
  const gateway = await startOwnGateway({ registry, settings })
  context.after(() => gateway.close())
  await define(gateway, '/services', { name: 'web', url: 'http://by-http:80' })
  await define(gateway, '/services/web/routes', { paths: ['/web'] })
  await define(gateway, '/services', { name: 'lab', url: 'grpc://by-grpc:80' })
  await define(gateway, '/services/lab/routes', { paths: ['/lab.Lab/Once'], protocols: ['grpc'] })
  const active = { type: 'tcp', healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, tcp_failures: 1 } }
  await define(gateway, '/upstreams', { name: 'pool', healthchecks: { active } })
  await define(gateway, '/upstreams/pool/targets', { target: 'by-probe:80' })
  return { gateway, arrived }
}

const webSocketStatus = (url: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    socket.once('unexpected-response', (_request, answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    socket.once('error', () => undefined)
  })

const grpcStatus = (url: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const client = new Client(url.replace('http://', ''), credentials.createInsecure())
    const same = (bytes: Buffer): Buffer => bytes
    const deadline = Date.now() + 60_000
    const done = (error: ServiceError | null): void => {
      client.close()
      resolve(error?.code)
    }
    client.makeUnaryRequest('/lab.Lab/Once', same, same, Buffer.from('x'), { deadline } as never, done)
  })

async function ask({ gateway }: Seen): Promise<readonly unknown[]> {
  return [
    (await fetch(`${gateway.url}/web`)).status,
    await webSocketStatus(`${gateway.url}/web`),
    await grpcStatus(gateway.grpcUrl),
  ]
}

const looksMs = 2500 // two looks of the probe

test('nothing arrives at a guarded address that a registry names', async (context) => {
  const seen = await scene(context, {})
  assert.deepEqual(await ask(seen), [503, 503, status.UNAVAILABLE])
  await pause(looksMs)
  assert.deepEqual(seen.arrived, { http: 0, websocket: 0, grpc: 0, probe: 0 })
})

test('where the operator allows it, everything does', async (context) => {
  const seen = await scene(context, { GATEWAY_LINK_LOCAL: 'true' })
  assert.deepEqual(await ask(seen), [200, 418, status.UNIMPLEMENTED])
  for (let left = 600; seen.arrived.probe === 0 && left > 0; left -= 1) await pause(50)
  const { probe, ...rest } = seen.arrived
  assert.deepEqual([rest, probe > 0], [{ http: 1, websocket: 1, grpc: 1 }, true])
})
