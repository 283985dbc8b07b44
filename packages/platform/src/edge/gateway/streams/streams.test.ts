// Streams through the gateway: events as they come, WebSockets both ways, and who may open them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { type WebSocket as Socket, WebSocket, WebSocketServer } from 'ws'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { hmacToken } from '../../../../../../conformance/gateway/tokens.ts'

const shared: { own?: OwnGateway } = {}
const upstream = createServer((request, response) => {
  if (request.url === '/refused') return void response.writeHead(418).end('no')
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  request.on('close', () => state.ended.push(String(request.url)))
  state.send = (text) => response.write(text)
})
interface Thinking {
  readonly socket: Duplex
}
const refusal = 'HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\n'
const state: { send: (text: string) => void; ended: string[]; thinking: Thinking[] } = {
  send: () => undefined,
  ended: [],
  thinking: [],
}
const sockets = new WebSocketServer({ noServer: true })

async function define(path: string, body: object): Promise<Record<string, unknown>> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`${shared.own?.adminUrl}${path}`, sent)
  assert.equal(answer.status, 201, path)
  return (await answer.json()) as Record<string, unknown>
}

function urlOf(path: string): string {
  return `${shared.own?.url.replace('http', 'ws')}${path}`
}

async function opened(path: string, headers: Record<string, string> = {}): Promise<Socket> {
  const socket = new WebSocket(urlOf(path), { headers })
  await once(socket, 'open')
  return socket
}

function refusedStatus(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(urlOf(path), { headers })
    socket.once('unexpected-response', (_request, answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    socket.once('open', () => reject(new Error('it was opened')))
    socket.once('error', () => undefined)
  })
}

before(async () => {
  upstream.on('upgrade', (request, socket, head) => {
    if (request.url === '/cut') return socket.end('HTTP/1.1 418 No\r\nContent-Length: 9\r\n\r\nno')
    if (request.url === '/refused') return socket.end('HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\nno')
    if (request.url?.startsWith('/thinks')) state.thinking.push({ socket })
    if (request.url === '/thinks/forever') return
    if (request.url === '/thinks/refuses') return void setTimeout(() => socket.write(refusal), 100)
    if (request.url === '/thinks') {
      setTimeout(() => socket.write('HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'), 100)
      return
    }
    sockets.handleUpgrade(request, socket, head, (one) => {
      one.send(`hello ${request.headers['x-consumer-username'] ?? 'nobody'}`)
      one.on('message', (data, isBinary) => one.send(data, { binary: isBinary }))
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  shared.own = await startOwnGateway({ settings: { GATEWAY_MAX_STREAMS: '3' } })
  const { port } = upstream.address() as AddressInfo
  await define('/services', { name: 'live', url: `http://127.0.0.1:${port}`, read_timeout: 300 })
  await define('/services/live/routes', { paths: ['/live'] })
  await define('/services', { name: 'closed', url: `http://127.0.0.1:${port}` })
  await define('/services/closed/routes', { paths: ['/closed'] })
  await define('/services/closed/plugins', { name: 'jwt', config: { cookie_names: ['token'] } })
})
after(async () => {
  await shared.own?.close()
  sockets.close()
  upstream.closeAllConnections()
  upstream.close()
})

test('events pass as they come, also after a pause longer than an answer may take', async () => {
  const gone = new AbortController()
  const answer = await fetch(`${shared.own?.url}/live/events`, {
    headers: { accept: 'text/event-stream' },
    signal: gone.signal,
  })
  assert.equal(answer.headers.get('content-type'), 'text/event-stream')
  const reader = answer.body?.getReader()
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    state.send(text)
    const { value } = (await reader?.read()) ?? {}
    assert.equal(new TextDecoder().decode(value), text)
  }
  gone.abort()
  const until = Date.now() + 5000
  while (!state.ended.includes('/events') && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(state.ended, ['/events'], 'the upstream hears that the reader went away')
})

describe('a WebSocket', () => {
  test('whose client goes away before the service has answered leaves nothing behind', async () => {
    const { port } = new URL(shared.own?.url ?? '')
    const head = 'Host: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    for (const path of ['/thinks', '/thinks', '/thinks/refuses', '/thinks/refuses', '/thinks/forever']) {
      const client = connect(Number(port), '127.0.0.1')
      client.write(`GET /live${path} HTTP/1.1\r\n${head}\r\n\r\n`)
      const until = Date.now() + 5000
      while (state.thinking.length === 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
      client.resetAndDestroy()
      const [{ socket } = {}] = state.thinking.splice(0)
      assert.ok(socket !== undefined)
      socket.on('error', () => undefined)
      socket.on('end', () => socket.end()).resume()
      if (!socket.destroyed) await once(socket, 'close', { signal: AbortSignal.timeout(5000) })
    }
    const socket = await opened('/live/chat') // at most three at a time
    socket.close()
    await once(socket, 'close')
  })

  test('carries text and bytes both ways, small and large', async () => {
    const socket = await opened('/live/chat')
    const heard: Buffer[] = []
    socket.on('message', (data: Buffer) => heard.push(data))
    const large = Buffer.alloc(1_000_000, 7)
    socket.send('one')
    socket.send(large)
    while (heard.at(-1)?.length !== large.length) await once(socket, 'message')
    assert.deepEqual(heard.slice(-2).map(String), ['one', String(large)])
    socket.close()
    await once(socket, 'close')
  })

  test('is opened by who has a credential, and the upstream is told who', async () => {
    assert.equal(await refusedStatus('/closed/chat'), 401)
    await define('/consumers', { username: 'monitor' })
    const made = await define('/consumers/monitor/jwt', {})
    const token = hmacToken(made as { key: string; secret: string })
    for (const [path, headers] of [
      ['/closed/chat', { authorization: `Bearer ${token}` }],
      [`/closed/chat?jwt=${token}`, {}],
      ['/closed/chat', { cookie: `token=${token}` }],
    ] as const) {
      const socket = new WebSocket(urlOf(path), { headers })
      const [hello] = await once(socket, 'message')
      assert.equal(String(hello), 'hello monitor')
      socket.terminate()
      await once(socket, 'close')
    }
    const foreign = { cookie: `token=${token}`, origin: 'https://evil.example' }
    assert.equal(await refusedStatus('/closed/chat', foreign), 403, 'the browser sends the cookie for any page')
  })

  test('is not opened for a page of another site, nor where there is no route, and refusals pass', async () => {
    assert.equal(await refusedStatus('/live/chat', { origin: 'https://evil.example' }), 403)
    assert.equal(await refusedStatus('/nowhere'), 404)
    assert.equal(await refusedStatus('/live/refused'), 418)
  })

  test('a refusal that is cut off ends for the client too', { timeout: 10_000 }, async () => {
    const socket = new WebSocket(urlOf('/live/cut'))
    socket.on('error', () => undefined)
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    const ended = new Promise((resolve) => answer.once('close', resolve))
    answer.on('error', () => undefined).resume() // it was cut off
    await ended
    assert.ok(!answer.complete)
  })

  test('ends for the upstream when the client goes away, and the reverse', async () => {
    const socket = await opened('/live/chat')
    const [peer] = [...sockets.clients]
    assert.ok(peer)
    socket.terminate()
    await once(peer, 'close')
    const other = await opened('/live/chat')
    const [second] = [...sockets.clients].slice(-1)
    second?.terminate()
    await once(other, 'close')
  })

  test('is one of a bounded number', async () => {
    const held = await Promise.all(['a', 'b', 'c'].map((name) => opened(`/live/${name}`)))
    assert.equal(await refusedStatus('/live/chat'), 503)
    for (const socket of held) socket.terminate()
    await Promise.all(held.map((socket) => once(socket, 'close')))
  })
})

test('another protocol that is offered is not taken, and the body of the request is not lost', async () => {
  const { hostname, port } = new URL(shared.own?.url ?? '')
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': '', 'content-length': 2 }
  const status = await new Promise((resolve, reject) => {
    const asked = httpRequest({ host: hostname, port, path: '/live/refused', method: 'POST', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    asked.once('error', reject)
    asked.end('ok')
  })
  assert.equal(status, 418)
})
