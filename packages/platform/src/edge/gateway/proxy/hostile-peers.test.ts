// Clients and services that cut off, mix up and go silent by chance (seeded): every request ends, answers belong to their
// requests, no half body is taken for a whole one, and nothing is left behind.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import {
  type AnswerMode,
  answerBody,
  bodyOf,
  seededRandom,
  soundModes,
  startHostileService,
} from '../../../testing/hostile-service.ts'
import type { ReportedTarget } from '../balancing/target-report.ts'
import { issueToken } from '../index.ts'

const seed = 20_261_126
const random = seededRandom(seed)
const pick = <One>(...list: readonly One[]): One => list[Math.floor(random() * list.length)] as One
const maxBodies = 2 ** 20
const requestCount = 400
const atOnce = 24

const gauges = new Map<string, () => readonly { readonly value: number }[]>()
const telemetry = {
  ...noTelemetry,
  metrics: {
    ...noTelemetry.metrics,
    observed: ({ name }: { name: string }, read: () => readonly { readonly value: number }[]) => gauges.set(name, read),
  },
} as unknown as typeof noTelemetry
const warnings: string[] = []
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`))

const modes = new Map<string, AnswerMode>()
const services = [await startHostileService(random, modes), await startHostileService(random, modes)]
const settings = { GATEWAY_MAX_BODIES_BYTES: String(maxBodies), RATE_LIMIT_BURST: '100000' }
const own = await startOwnGateway({ settings, telemetry })
const state = { isClosed: false }
after(async () => {
  if (!state.isClosed) await own.close()
  for (const service of services) await service.close()
})

async function define(path: string, body: object): Promise<void> {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  assert.equal((await fetch(`${own.adminUrl}${path}`, sent)).status, 201)
}

// No target is left alone: each fault is to meet the next request.
const never = { http_statuses: [599], http_failures: 1, tcp_failures: 0, timeouts: 0 }
for (const [name, members] of [
  ['one', services.slice(0, 1)],
  ['two', services],
] as const) {
  await define('/upstreams', { name, healthchecks: { passive: { unhealthy: never } } })
  for (const { port } of members) await define(`/upstreams/${name}/targets`, { target: `127.0.0.1:${port}` })
  await define('/services', { name: `${name}-service`, host: name, port: 80, protocol: 'http', read_timeout: 400 })
  await define(`/services/${name}-service/routes`, { paths: [`/${name}`] })
}
await delay(200)

interface Ask {
  readonly tag: string
  readonly method: string
  readonly text: string
}

const oddFraming = [
  'Content-Length: 5\r\nContent-Length: 6',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'Transfer-Encoding: chunked, identity',
  'Content-Length: +5',
]

function askOf(index: number, isLast: boolean): Ask {
  const tag = `T${index}T`
  const method = pick('GET', 'GET', 'HEAD', 'POST', 'PUT')
  const hasBody = method === 'POST' || method === 'PUT'
  const size = hasBody ? Math.floor(random() * pick(10, 3000, 40_000)) : 0
  const body = bodyOf(tag, size)
  const isChunked = hasBody && random() < 0.5
  const options = [...(isLast ? ['close'] : []), ...pick([], [], ['content-length', 'x-a', 'transfer-encoding'])]
  const head = [
    `${method} /${pick('one', 'two')}/x HTTP/1.1`,
    ...['Host: x', `X-Request-Id: ${tag}`, `X-Size: ${size}`, 'X-A: 1', 'X_Consumer-Username: planted'],
    ...(options.length === 0 ? [] : [`Connection: ${options.join(', ')}`]),
    ...(isChunked ? ['Transfer-Encoding: chunked'] : []),
    ...(hasBody && !isChunked ? [`Content-Length: ${size}`] : []),
    ...(random() < 0.03 ? [pick(...oddFraming)] : []),
  ].join('\r\n')
  const chunks = (body.match(/[\s\S]{1,5000}/g) ?? []).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
  return { tag, method, text: `${head}\r\n\r\n${isChunked ? `${chunks.join('')}0\r\n\r\n` : body}` }
}

// Sends requests over one connection, perhaps not to the end, and reads until it is closed.
async function converse(asks: readonly Ask[], isCutOff: boolean): Promise<string> {
  const text = asks.map((ask) => ask.text).join('')
  const socket = connect(Number(new URL(own.url).port), '127.0.0.1')
  let heard = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    heard += bytes.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const cutAt = Math.floor(random() * text.length)
  socket.write(isCutOff ? text.slice(0, cutAt) : text, 'latin1')
  if (isCutOff) setTimeout(() => (random() < 0.5 ? socket.destroy() : socket.resetAndDestroy()), random() * 60)
  const timer = new AbortController()
  const late = delay(30_000, 'late', { signal: timer.signal }).catch(() => 'ended')
  assert.notEqual(await Promise.race([closed, late]), 'late', `no end: ${asks.map(({ tag }) => tag).join()}`)
  timer.abort()
  return heard
}

interface Read {
  readonly status: number
  readonly head: string
  readonly body: string
  readonly isWhole: boolean
  readonly rest: string
}

function readAnswer(text: string, method: string): Read | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end)
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
  const after = text.slice(end + 4)
  if (status === 100) return readAnswer(after, method)
  if (!/x-request-id/i.test(head)) return { status, head, body: after, isWhole: false, rest: '' }
  if (method === 'HEAD' || status === 204 || status === 304)
    return { status, head, body: '', isWhole: true, rest: after }
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) {
    const size = Number(length)
    return { status, head, body: after.slice(0, size), isWhole: after.length >= size, rest: after.slice(size) }
  }
  assert.match(head, /\r\ntransfer-encoding: chunked/i, head)
  let [body, at] = ['', 0]
  for (;;) {
    const lineEnd = after.indexOf('\r\n', at)
    const size = Number.parseInt(after.slice(at, lineEnd), 16)
    if (lineEnd === -1 || after.length < lineEnd + 4 + size) return { status, head, body, isWhole: false, rest: '' }
    body += after.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 4 + size
    if (size === 0) return { status, head, body, isWhole: true, rest: after.slice(at) }
  }
}

const isSound = (mode: AnswerMode | undefined): boolean => soundModes.some((sound) => sound === mode)
const counts = { answers: 0, sound: 0, refused: 0 }

// Each answer in turn is that of its request, or one of the gateway's own to it.
function checkAnswers(asks: readonly Ask[], heard: string): void {
  let text = heard
  for (const { tag, method } of asks) {
    const read = readAnswer(text, method)
    if (read === undefined) return
    if (read.status === 400 && !/x-request-id/i.test(read.head)) return // not readable as a request
    text = read.rest
    counts.answers += 1
    const tags = `${read.head}${read.body}`.match(/T\d+T|POISON/g) ?? []
    assert.ok(tags.length > 0 && tags.every((one) => one === tag), `${tag}: ${read.head} ${read.body.slice(0, 200)}`)
    if (read.status >= 500) counts.refused += 1
    const mode = modes.get(tag)
    if (read.status === 200 && read.isWhole && method !== 'HEAD' && isSound(mode)) {
      counts.sound += 1
      assert.equal(read.body, answerBody(tag, mode as AnswerMode), tag)
    }
  }
  assert.equal(text, '', 'nothing comes after the last answer')
}

test(`every request ends, and every answer is its own (seed ${seed})`, async () => {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < requestCount) {
      const length = pick(1, 1, 2, 4)
      const asks = Array.from({ length }, (_, at) => askOf(next + at, at === length - 1))
      next += length
      checkAnswers(asks, await converse(asks, random() < 0.2))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, client))
  assert.deepEqual(
    services.flatMap(({ faults }) => faults),
    [],
  )
  assert.ok(counts.sound > requestCount / 8 && counts.refused > 20, JSON.stringify(counts))
  assert.deepEqual(warnings, [])
})

async function underWay(): Promise<number> {
  const token = await issueToken(own.sql, { role: 'operator' })
  const answer = await fetch(`${own.url}/health/targets`, { headers: { authorization: `Bearer ${token}` } })
  const { targets } = (await answer.json()) as { targets: readonly ReportedTarget[] }
  return targets.reduce((sum, one) => sum + (one.underWay ?? 0), 0)
}

test('afterwards nothing is under way, all room is free, and the gateway stops at once', async () => {
  const until = Date.now() + 10_000
  const inFlight = () => gauges.get('xinglin.gateway.requests.active')?.()[0]?.value
  while ((inFlight() !== 0 || (await underWay()) !== 0) && Date.now() < until) await delay(50)
  assert.deepEqual([inFlight(), await underWay()], [0, 0])
  const large = connect(Number(new URL(own.url).port), '127.0.0.1')
  large.on('error', () => undefined)
  large.write(`POST /one/x HTTP/1.1\r\nHost: x\r\nX-Request-Id: T0T\r\nContent-Length: ${maxBodies - 1000}\r\n\r\nx`)
  while (inFlight() === 0) await delay(5)
  const sent = { method: 'PUT', body: bodyOf('T1T', 900), headers: { 'x-request-id': 'T1T', 'x-size': '900' } }
  const told = await fetch(`${own.url}/one/x`, sent)
    .then((answer) => answer.text())
    .catch(String) // by chance cut off
  assert.doesNotMatch(told, /Too many large bodies/)
  const begun = performance.now()
  state.isClosed = true
  await own.close()
  assert.ok(performance.now() - begun < 5000)
  await delay(50)
  assert.deepEqual(
    services.map((service) => service.openCount()),
    [0, 0],
  )
})
