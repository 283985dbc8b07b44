// What a hostile client sends never becomes two requests at a service, nor half a body a whole one, nor our own words.
import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { limitBody } from './limited-body.ts'

const shared: { own?: OwnGateway } = {}
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const state = { heard: '', connectionsEnded: 0, answer: ok, isEarly: false }
const upstream = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.on('close', () => {
    state.connectionsEnded += 1
  })
  socket.on('data', (chunk) => {
    state.heard += chunk.toString('latin1')
    if (state.answer === '' || !(state.isEarly || isWhole(state.heard))) return
    socket.write(state.answer)
    if (state.isEarly) state.answer = ''
  })
})

// Enough for what the tests send: a head, and a body that ends in its last chunk or has the length it says.
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  if (/transfer-encoding: chunked/i.test(head)) return text.endsWith('0\r\n\r\n')
  return end !== -1 && text.length - end - 4 >= Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
}

async function define(path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  assert.equal((await fetch(`${shared.own?.adminUrl}${path}`, sent)).status, 201)
}

before(async () => {
  shared.own = await startOwnGateway({ settings: { GATEWAY_MAX_BODIES_BYTES: String(2 ** 20) } })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  for (const [name, timeoutMs] of [
    ['raw', 2000],
    ['tight', 2000],
    ['quick', 400],
  ]) {
    await define('/services', { name, url: `http://127.0.0.1:${port}`, read_timeout: timeoutMs })
    await define(`/services/${name}/routes`, { paths: [`/${name}`] })
  }
  const limit = { allowed_payload_size: 10, size_unit: 'bytes' }
  await define('/services/tight/plugins', { name: 'request-size-limiting', config: limit })
  await define('/services', { name: 'no-address', host: '999.1.1.1', port: 80, protocol: 'http' })
  await define('/services/no-address/routes', { paths: ['/no-address'] })
  await delay(200)
})
after(async () => {
  await shared.own?.close()
  upstream.close()
})

/** Sends bytes as they are; resolves with all that came until the connection closed or said nothing for a while. */
async function raw(bytes: string, quietMs = 300): Promise<string> {
  state.heard = ''
  const { port } = new URL(shared.own?.url ?? '')
  const socket: Socket = connect(Number(port), '127.0.0.1')
  let text = ''
  socket.on('error', () => undefined)
  socket.write(bytes, 'latin1')
  await new Promise<void>((resolve) => {
    socket.setTimeout(quietMs, resolve)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', () => resolve())
  })
  socket.destroy()
  return text
}

const requestLines = (text: string): number => text.match(/^[A-Z]+ \/\S* HTTP\/1\.1\r$/gm)?.length ?? 0

test('a length that Connection names still frames the body: nothing in it is a second request', async () => {
  const inner = '0\r\n\r\nGET /secret HTTP/1.1\r\nhost: x\r\nx-consumer-username: admin\r\n\r\n'
  for (const method of ['PUT', 'DELETE', 'GET', 'POST']) {
    const head = `${method} /raw/x HTTP/1.1\r\nHost: x\r\nConnection: close, content-length\r\nContent-Length: ${inner.length}`
    const answer = await raw(`${head}\r\n\r\n${inner}`)
    assert.match(answer, /^HTTP\/1\.1 200 /, method)
    const [sent = '', ...rest] = state.heard.split('\r\n\r\n')
    assert.match(sent, new RegExp(`content-length: ${inner.length}`), `${method}: ${state.heard}`)
    assert.doesNotMatch(sent, /transfer-encoding/)
    assert.equal(rest.join('\r\n\r\n'), inner)
  }
})

test('a body in a coding that would have to be taken off is refused, not passed on without its name', async () => {
  for (const coding of ['gzip, chunked', 'identity, chunked', 'chunked;a=b, chunked']) {
    const answer = await raw(
      `PUT /raw/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 (501|400) /, coding)
    assert.equal(state.heard, '')
  }
  const plain = await raw('PUT /raw/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n')
  assert.match(plain, /^HTTP\/1\.1 200 /)
})

test('a body beyond its limit reaches no service as a whole one, even if it came before the connection was there', async () => {
  const chunks = 'a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n'
  const answer = await raw(`POST /tight/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`)
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.doesNotMatch(state.heard, /0\r\n\r\n$/)
})

test('a client that goes away in its body leaves no request that could be taken for whole', async () => {
  state.answer = ''
  for (const head of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
    const ended = state.connectionsEnded
    await raw(`POST /raw/x HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n5\r\nabcde\r\n`)
    await delay(100)
    assert.equal(requestLines(state.heard), 1)
    assert.ok(!isWhole(state.heard))
    assert.ok(state.connectionsEnded > ended)
  }
  state.answer = ok
})

test('a client that goes away in a body behind another request harms nobody', async () => {
  Object.assign(state, { answer: '', heard: '' })
  const socket = connect(Number(new URL(shared.own?.url ?? '').port), '127.0.0.1')
  socket.write('GET /raw/x HTTP/1.1\r\nHost: x\r\n\r\nPOST /raw/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx')
  const until = Date.now() + 5000
  while (!state.heard.endsWith('\r\n\r\nx') && Date.now() < until) await delay(5)
  socket.resetAndDestroy()
  await delay(50)
  state.answer = ok
  assert.match(await raw('GET /raw/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

test('what came of a body before its limit was known counts too', () => {
  const request = new IncomingMessage(new Socket())
  request.headers['transfer-encoding'] = 'chunked'
  request.push('x'.repeat(11))
  const limit = { maxBytes: 10, isLengthRequired: false, share: { take: () => undefined } }
  assert.throws(() => limitBody(request, limit), { code: 'too-large' })
})

test('an upload may take longer than an answer, as long as it goes on', async () => {
  for (const isStalled of [false, true]) {
    Object.assign(state, { answer: ok, heard: '' })
    const socket = connect(Number(new URL(shared.own?.url ?? '').port), '127.0.0.1')
    const answer = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))))
    socket.write('POST /quick/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n')
    for (let sent = 0; sent < 9 && !(isStalled && sent > 2); sent += 1) {
      await delay(150)
      socket.write('x')
    }
    assert.match(await answer, isStalled ? /^HTTP\/1\.1 504 / : /^HTTP\/1\.1 200 /)
    socket.destroy()
  }
})

test('the room for bodies is given back when an answer comes before the body has', async () => {
  const size = 700_000
  state.isEarly = true
  for (let turn = 0; turn < 3; turn += 1) {
    state.answer = ok
    const { port } = new URL(shared.own?.url ?? '')
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST /raw/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
    const [first] = await new Promise<[string]>((resolve) => socket.once('data', (chunk) => resolve([String(chunk)])))
    assert.match(first, /^HTTP\/1\.1 200 /)
    await delay(20)
    socket.write(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
    await delay(50)
    socket.destroy()
  }
  state.answer = ok
  const answer = await raw('POST /raw/x HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\nx')
  assert.match(answer, /^HTTP\/1\.1 200 /)
  Object.assign(state, { answer: ok, isEarly: false })
})

test('a service under an address that cannot be one is away, not an error of ours', async () => {
  const answer = await raw('GET /no-address/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 50[23] /)
})

const speaksSix = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))
const skip = speaksSix ? false : 'needs an interface with IPv6'

test('a service at an IPv6 address is asked by a Host that can be one', { skip }, async () => {
  const { port } = upstream.address() as AddressInfo
  await define('/services', { name: 'six', host: '::ffff:7f00:1', port, protocol: 'http' })
  await define('/services/six/routes', { paths: ['/six'] })
  await delay(200)
  assert.match(await raw('GET /six/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
  assert.ok(state.heard.includes(`\r\nhost: [::ffff:7f00:1]:${port}\r\n`), state.heard)
})

test('nobody outside says what only the edge says, in any spelling that a service might take for it', async () => {
  const names = ['X-Consumer-Username', 'X_Consumer_Username', 'x-Consumer_Id', 'X-Xinglin-Caller', 'X_Xinglin-Caller']
  const more = ['X-Forwarded-Prefix', 'X_Forwarded_For', 'Forwarded', 'X-Real-IP', 'X-Credential-Identifier']
  const planted = [...names, ...more].map((name) => `${name}: planted\r\n`).join('')
  const answer = await raw(`GET /raw/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${planted}\r\n`)
  assert.match(answer, /^HTTP\/1\.1 200 /)
  assert.doesNotMatch(state.heard, /planted/)
})

test('an answer without a body promises none', async () => {
  state.answer = 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'
  const answer = await raw('GET /raw/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 204 /)
  assert.doesNotMatch(answer, /content-length/i)
})
