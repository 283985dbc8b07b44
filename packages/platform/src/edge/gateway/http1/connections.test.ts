// The client against real servers: connections are used again, but never by two requests, nor after an answer that was not whole.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, Socket, type Server as TcpServer } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnector } from '../../../kernel/transport.ts'
import { Connection } from './connection.ts'
import { type AnswerTaker, createConnections, type Fields, type ServiceRequest } from './index.ts'

interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: string
}

const servers: TcpServer[] = []
const opened: { close(): Promise<void> }[] = []
after(async () => {
  for (const server of servers) server.close()
  for (const connections of opened) await connections.close()
})

async function listening(server: TcpServer): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serveHttp = (listener: RequestListener): Promise<string> => listening(createServer(listener))

function connectionsOf(maxConnections = 8) {
  const connections = createConnections({ connect: createConnector(1000), maxConnections, keptSeconds: 5 })
  opened.push(connections)
  return connections
}

const asked = (more: Partial<ServiceRequest> = {}): ServiceRequest => ({
  ...{ method: 'GET', target: '/', fields: ['host', 'service'], body: undefined, silenceMs: 5000 },
  ...more,
})

type Client = ReturnType<typeof connectionsOf>

function ask(
  client: Client,
  origin: string,
  request = asked(),
  onData?: (taker: AnswerTaker) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const read = { status: 0, fields: [] as Fields, chunks: [] as Buffer[] }
    const taker: AnswerTaker = {
      bodyBegun: () => undefined,
      bodySent: () => undefined,
      head: (status, _reason, fields) => Object.assign(read, { status, fields }),
      data(chunk) {
        read.chunks.push(chunk)
        onData?.(taker)
      },
      end: () => resolve({ status: read.status, fields: read.fields, body: Buffer.concat(read.chunks).toString() }),
      fail: reject,
    }
    client.send(origin, request, taker)
  })
}

// A body as HTTP gives it, fed by the test.
function bodyOf(parts: readonly string[]): IncomingMessage {
  const body = new IncomingMessage(new Socket())
  for (const part of parts) body.push(part)
  body.push(null)
  return body
}

test('one connection carries requests one after another, and no more are opened than allowed', async () => {
  const sockets = new Set<unknown>()
  let [now, most] = [0, 0]
  const origin = await serveHttp(async (request, response) => {
    sockets.add(request.socket)
    now += 1
    most = Math.max(most, now)
    await delay(5)
    now -= 1
    response.end(request.url)
  })
  const client = connectionsOf(3)
  for (const target of ['/a', '/b', '/c']) assert.equal((await ask(client, origin, asked({ target }))).body, target)
  assert.equal(sockets.size, 1)
  const targets = Array.from({ length: 30 }, (_, index) => `/${index}`)
  const answers = await Promise.all(targets.map((target) => ask(client, origin, asked({ target }))))
  assert.deepEqual(
    answers.map(({ body }) => body),
    targets,
  )
  assert.deepEqual([sockets.size, most], [3, 3])
})

test('bodies arrive whole: kept, of known length, and in chunks', async () => {
  const origin = await serveHttp(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { 'content-length': length = '-', 'transfer-encoding': coding = '-' } = request.headers
    response.end(`${request.method} ${length} ${coding} ${text}`)
  })
  const client = connectionsOf()
  const post = (body: ServiceRequest['body'], fields: Fields = []): Promise<Answer> =>
    ask(client, origin, asked({ method: 'POST', fields: ['host', 'service', ...fields], body }))
  assert.equal((await post(Buffer.from('kept'), ['content-length', '4'])).body, 'POST 4 - kept')
  assert.equal((await post(bodyOf(['ab', 'c']), ['content-length', '3'])).body, 'POST 3 - abc')
  assert.equal((await post(bodyOf(['ab', 'c']))).body, 'POST - chunked abc')
  assert.equal((await post(undefined)).body, 'POST 0 - ')
})

test('a large answer and a slow reader: it waits, and loses nothing', async () => {
  const origin = await serveHttp((_request, response) => response.end(Buffer.alloc(3_000_000, 'x')))
  const client = connectionsOf()
  const size = await new Promise<number>((resolve, reject) => {
    let bytes = 0
    const sending = client.send(origin, asked(), {
      bodyBegun: () => undefined,
      bodySent: () => undefined,
      head: () => undefined,
      data(chunk) {
        bytes += chunk.length
        sending.pause()
        setImmediate(() => sending.resume())
      },
      end: () => resolve(bytes),
      fail: reject,
    })
  })
  assert.equal(size, 3_000_000)
})

test('an answer before the whole request was read ends the connection', async () => {
  const sockets = new Set<unknown>()
  const origin = await serveHttp((request, response) => {
    sockets.add(request.socket)
    response.writeHead(413).end('too much')
  })
  const client = connectionsOf()
  const body = new IncomingMessage(new Socket())
  body.push('begin')
  const early = asked({ method: 'PUT', fields: ['host', 'service', 'content-length', '1000'], body })
  assert.equal((await ask(client, origin, early)).status, 413)
  assert.equal((await ask(client, origin)).status, 413)
  assert.equal(sockets.size, 2)
})

async function serveRaw(answer: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0
  return listening(
    createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => {
        count += 1
        answer(socket, count)
      })
    }),
  )
}

test('nonsense fails, and so does a connection that closes', async () => {
  const faults = ['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab']
  for (const fault of faults) {
    const origin = await serveRaw((socket) => socket.write(fault))
    await assert.rejects(ask(connectionsOf(), origin), { code: 'INVALID_ANSWER' })
  }
  const closing = await serveRaw((socket) => socket.end())
  await assert.rejects(ask(connectionsOf(), closing), { code: 'ECONNRESET' })
  await assert.rejects(ask(connectionsOf(), 'http://127.0.0.1:1'), { code: 'ECONNREFUSED' })
})

test('what an idle connection says is no answer to the next request', async () => {
  const origin = await serveRaw((socket, count) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${count}`)
    if (count === 1) setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'), 20)
  })
  const client = connectionsOf()
  assert.equal((await ask(client, origin)).body, '1')
  await delay(60)
  assert.equal((await ask(client, origin)).body, '2')
})

test('a request given up ends its connection, and tells its taker once; others go on', async () => {
  const origin = await serveRaw((socket, count) => {
    if (count > 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const client = connectionsOf(1)
  const told: string[] = []
  const sending = client.send(origin, asked(), {
    bodyBegun: () => undefined,
    bodySent: () => undefined,
    head: () => told.push('head'),
    data: () => told.push('data'),
    end: () => told.push('end'),
    fail: (error) => told.push(error.message),
  })
  const next = ask(client, origin) // waits for the only connection
  await delay(50)
  sending.abort(new Error('enough'))
  sending.abort(new Error('again'))
  assert.equal((await next).body, 'ok')
  assert.deepEqual(told, ['enough'])
})

test('an answer that begins and goes silent is late', async () => {
  const origin = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na'))
  await assert.rejects(ask(connectionsOf(), origin, asked({ silenceMs: 1 })), { code: 'ANSWER_TIMEOUT' })
})

test('what HTTP cannot carry is refused before anything is sent, and the connection serves on', async () => {
  const origin = await serveHttp((request, response) => response.end(request.url))
  const client = connectionsOf()
  assert.equal((await ask(client, origin)).body, '/')
  const unfit = [{ target: '/a b' }, { target: '/a\r\nX: 1' }, { fields: ['host', 'service', 'x-a', 'a\r\nX-B: 1'] }]
  for (const one of unfit) await assert.rejects(ask(client, origin, asked(one)), { code: 'invalid-request' })
  assert.equal((await ask(client, origin, asked({ target: '/next' }))).body, '/next')
})

test('the time in which nobody reads is not the silence of the service; who reads nothing for minutes is left', async () => {
  const origin = await serveRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na'))
  const told: string[] = []
  const state = { beat: 0 }
  const begin = async (): Promise<{ connection: Connection; taker: AnswerTaker }> => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    const owner = { beat: () => state.beat, rest: () => undefined, gone: () => undefined }
    const connection = new Connection(socket, owner, 5)
    return await new Promise((resolve) => {
      const taker: AnswerTaker = {
        ...{ bodyBegun: () => undefined, bodySent: () => undefined, head: () => undefined },
        data: () => resolve({ connection, taker }),
        end: () => undefined,
        fail: (error) => told.push(error.message),
      }
      connection.send(asked({ silenceMs: 1000 }), taker) // two beats
    })
  }
  const at = ({ connection }: { connection: Connection }, beat: number): number => {
    state.beat = beat
    connection.checkSilence()
    return told.length
  }
  const slow = await begin()
  slow.connection.pause(slow.taker)
  assert.equal(at(slow, 100), 0)
  slow.connection.resume(slow.taker)
  assert.deepEqual([at(slow, 102), at(slow, 103)], [0, 1])
  const stuck = await begin()
  stuck.connection.pause(stuck.taker)
  assert.deepEqual([at(stuck, 403), at(stuck, 404)], [1, 2])
})
