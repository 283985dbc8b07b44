// Answers of an upstream that break the rules: told as a bad gateway or passed in what is sound, and nobody else notices.
import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const shared: { own?: OwnGateway } = {}
const state = { answer: Buffer.alloc(0) }
const upstream = createServer((socket) => {
  socket.on('error', () => undefined) // the gateway may be gone first
  socket.once('data', () => socket.end(state.answer))
})

async function define(path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  assert.equal((await fetch(`${shared.own?.adminUrl}${path}`, sent)).status, 201)
}

before(async () => {
  shared.own = await startOwnGateway()
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  await define('/services', { name: 'odd', url: `http://127.0.0.1:${port}`, read_timeout: 1000 })
  await define('/services/odd/routes', { paths: ['/odd'] })
  await delay(200)
})
after(async () => {
  await shared.own?.close()
  upstream.close()
})

async function answerTo(text: string): Promise<Response> {
  state.answer = Buffer.from(text, 'latin1')
  return await fetch(`${shared.own?.url}/odd/x`)
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'

test('a reason that HTTP cannot carry is left out, and the answer passes', async () => {
  for (const reason of ['\xe5\xa5\xbd', '\xe9\xff', 'a\x01b', '']) {
    const answer = await answerTo(`HTTP/1.1 404 ${reason}\r\nContent-Length: 2\r\n\r\nok`)
    assert.deepEqual([answer.status, await answer.text()], [404, 'ok'], JSON.stringify(reason))
  }
})

test('what is not HTTP, or has two meanings, is a bad gateway', async () => {
  for (const answer of [
    '',
    'hello',
    'HTTP/1.1 000 Zero\r\n\r\n',
    'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    `${ok}Content-Length: 3\r\n\r\nok`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${ok}X-A: a\x00b\r\n\r\nok`,
    `${ok}X-A: a\x01b\r\n\r\nok`,
    `${ok}X-A: a\x7fb\r\n\r\nok`,
    `${ok}X-A: a\r\n b\r\n\r\nok`,
    `${ok}A: ${'b'.repeat(100_000)}\r\n\r\nok`,
  ]) {
    const { status, statusText } = await answerTo(answer)
    assert.deepEqual([status, statusText], [502, 'Bad Gateway'], JSON.stringify(answer.slice(0, 60)))
  }
  await assert.rejects(async () => (await answerTo('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok')).text())
  assert.equal(await (await answerTo(`${ok}\r\nok`)).text(), 'ok')
})

test('an upstream sets its own cookies, but not that of the console', async () => {
  const answer = await answerTo(`${ok}Set-Cookie: xinglin_session=planted; Path=/\r\nSet-Cookie: own=1\r\n\r\nok`)
  assert.deepEqual(answer.headers.getSetCookie(), ['own=1'])
})
