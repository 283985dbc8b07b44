// The fault proxy between a real client and a real server: each fault does what it says, and nothing once it is taken away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '@xinglin/core/cohort'
import { Agent, request } from 'undici'
import { type FaultProxy, openFaultProxy } from './fault-proxy.ts'
import { shaperOf } from './shaping.ts'

const megabyte = Buffer.alloc(1_048_576, 'x')

interface Scene {
  readonly proxy: FaultProxy
  /** Milliseconds and bytes of one request over a connection that is kept. */
  readonly ask: (path?: string, body?: Buffer, timeoutMs?: number) => Promise<{ ms: number; bytes: number }>
}

async function bodyBytes(message: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of message) bytes += (chunk as Buffer).length
  return bytes
}

async function scene(context: TestContext): Promise<Scene> {
  const server = createServer(async (message, response) => {
    const received = await bodyBytes(message)
    response.end(message.url === '/big' ? megabyte : String(received))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const random = seededRandom(5)
  const proxy = await openFaultProxy({ host: '127.0.0.1', port }, () => random.integer(0, 999_999) / 1_000_000)
  const agent = new Agent({ connections: 1 })
  context.after(async () => {
    await agent.destroy()
    await proxy.close()
    server.closeAllConnections()
    server.close()
  })
  return {
    proxy,
    async ask(path = '/', body, timeoutMs = 60_000) {
      const begun = performance.now()
      const answer = await request(`http://127.0.0.1:${proxy.port}${path}`, {
        dispatcher: agent,
        method: body === undefined ? 'GET' : 'POST',
        body: body ?? null,
        signal: AbortSignal.timeout(timeoutMs),
      })
      const { byteLength } = await answer.body.arrayBuffer()
      return { ms: performance.now() - begun, bytes: byteLength }
    },
  }
}

// A busy machine makes single requests slow, but hardly all of them.
async function fastestMs(ask: () => Promise<{ readonly ms: number }>): Promise<number> {
  const all: number[] = []
  for (let count = 0; count < 5; count += 1) all.push((await ask()).ms)
  return Math.min(...all)
}

test('without a fault bytes pass whole in both directions', async (context) => {
  const { ask, proxy } = await scene(context)
  assert.equal((await ask('/big')).bytes, megabyte.length)
  assert.equal((await ask('/', megabyte)).bytes, String(megabyte.length).length)
  assert.ok(proxy.counts().bytes > 2 * megabyte.length)
})

test('a delay of what a service sends holds an answer up once, and both directions twice; healed it is gone', async (context) => {
  const { ask, proxy } = await scene(context)
  await ask()
  const delay = { latencyMs: 200, jitterMs: 0, correlation: 0 }
  await proxy.add('d', { inbound: undefined, outbound: { delay } })
  const oneMs = await fastestMs(ask)
  assert.ok(oneMs >= 199 && oneMs < 330, `${oneMs} ms`)
  await proxy.add('d', { inbound: { delay }, outbound: { delay } })
  const bothMs = await fastestMs(ask)
  assert.ok(bothMs >= 399 && bothMs < 560, `${bothMs} ms`)
  proxy.remove('d')
  assert.ok((await fastestMs(ask)) < 100)
})

test('a slow line takes the time that its rate says', async (context) => {
  const { ask, proxy } = await scene(context)
  await proxy.add('b', {
    inbound: undefined,
    outbound: { bandwidth: { bytesPerSecond: 2 * 1_048_576, limitBytes: 200_000, burstBytes: 10_000 } },
  })
  const { ms, bytes } = await ask('/big')
  assert.equal(bytes, megabyte.length)
  assert.ok(ms > 450 && ms < 10_000, `${ms} ms for a megabyte at two a second`)
})

test('a cut line is silent, and what waited arrives when it is mended', async (context) => {
  const { ask, proxy } = await scene(context)
  await ask()
  await proxy.add('c', { inbound: { isCut: true }, outbound: { isCut: true } })
  const waiting = ask()
  await pause(400)
  proxy.remove('c')
  const { bytes, ms } = await waiting
  assert.ok(bytes === 1 && ms > 390, `${ms} ms`)
})

test('a fault for some clients leaves the others alone', async (context) => {
  const { ask, proxy } = await scene(context)
  await ask()
  const isCut = { isCut: true }
  await proxy.add('c', { inbound: isCut, outbound: isCut, meets: async () => false })
  assert.ok((await fastestMs(ask)) < 200)
  await proxy.add('c2', { inbound: isCut, outbound: isCut, meets: async (port) => port > 0 })
  await assert.rejects(ask('/', undefined, 200))
})

test('refusing resets what is open and lets nobody in; afterwards the same port serves again', async (context) => {
  const { ask, proxy } = await scene(context)
  await ask()
  const { port } = proxy
  await proxy.setRefusing(true)
  const socket = connect(port, '127.0.0.1')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
  await proxy.setRefusing(false)
  assert.equal(proxy.port, port)
  assert.equal((await ask()).bytes, 1)
})

test('lost segments stall as retransmission does: seldom at one in a hundred, doubling when lost again', () => {
  const random = seededRandom(11)
  const draw = (): number => random.integer(0, 999_999) / 1_000_000
  const rare = shaperOf([{ loss: { share: 0.01, correlation: 0 } }], draw)
  const holds = Array.from({ length: 20_000 }, () => rare.holdMs(100, 0))
  const stalled = holds.filter((ms) => ms > 0)
  assert.ok(Math.abs(stalled.length / holds.length - 0.01) < 0.003, `${stalled.length} of ${holds.length}`)
  assert.ok(stalled.every((ms) => [200, 600, 1400].includes(ms)))
  const sure = shaperOf([{ loss: { share: 1, correlation: 0 } }], draw)
  assert.ok(sure.holdMs(100, 0) > 60_000)
})

test('jitter stays within its bounds and correlation makes neighbours alike', () => {
  const random = seededRandom(3)
  const draw = (): number => random.integer(0, 999_999) / 1_000_000
  const meanStep = (correlation: number): number => {
    const shaper = shaperOf([{ delay: { latencyMs: 100, jitterMs: 50, correlation } }], draw)
    const holds = Array.from({ length: 5000 }, () => shaper.holdMs(1, 0))
    assert.ok(holds.every((ms) => ms >= 50 && ms <= 150))
    return holds.slice(1).reduce((sum, ms, index) => sum + Math.abs(ms - (holds[index] ?? 0)), 0) / 4999
  }
  assert.ok(meanStep(0.9) < meanStep(0) / 3)
})
