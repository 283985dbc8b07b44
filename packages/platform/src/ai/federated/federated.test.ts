// Whole federations over real sockets, with sites whose training is a sum: what comes out has a closed form.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { federated } from './index.ts'
import {
  type Body,
  ended,
  type ServiceUnderTest,
  serviceUnderTest,
  startFederation,
  until,
} from './under-test/service.ts'
import { joinToy, toyStart } from './under-test/toy-site.ts'

const shared: { database?: TestDatabase; service?: ServiceUnderTest; folder?: string } = {}

function service(): ServiceUnderTest {
  assert.ok(shared.service)
  return shared.service
}

before(async () => {
  const database = await testDatabase([federated.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-federated-'))
  Object.assign(shared, { database, folder, service: await serviceUnderTest({ sql: database.sql, folder }) })
})

after(async () => {
  await shared.service?.close()
  await shared.database?.close()
  if (shared.folder !== undefined) await rm(shared.folder, { recursive: true, force: true })
})

const roundsOf = async (id: string): Promise<Body['rounds']> =>
  (await service().ask(`/api/v1/federations/${id}/rounds`)).body.rounds
const eventsOf = async (id: string): Promise<Body['events']> =>
  (await service().ask(`/api/v1/federations/${id}/events?_count=1000`)).body.events

test('two sites train three rounds, and every figure is what it must be', async () => {
  const id = await startFederation(service(), { name: 'sum', rounds: 3, minSites: 2, join: 'open', metric: 'auc' })
  const named = (name: string) => ({ properties: async () => ({ site_name: name }) })
  const reports = await Promise.all([
    joinToy(service().flower, { step: 1, examples: 30, work: named('north') }),
    joinToy(service().flower, { step: 5, examples: 10, work: named('south') }),
  ])
  const body = await ended(service(), id)
  assert.equal(body.state, 'finished')
  const rounds = await roundsOf(id)
  // Each round adds (1 · 30 + 5 · 10) / 40 = 2 to every weight; the loss is the first weight.
  assert.deepEqual(
    rounds.map(({ number, returned, loss }) => [number, returned, loss]),
    [
      [0, 1, null],
      [1, 2, 2],
      [2, 2, 4],
      [3, 2, 6],
    ],
  )
  assert.ok(Math.abs((rounds[3]?.metrics?.auc ?? 0) - 0.52) < 1e-6)
  assert.equal(body.bestRound, 1, 'the first of equally good rounds is the best')
  const sites = body.sites.map(({ name, bytesSent, bytesReceived }) => ({ name, bytesSent, bytesReceived }))
  assert.deepEqual(
    sites.map(({ name }) => name),
    ['north', 'south'],
  )
  // Identification and goodbye are no part of training and are not counted as such: a few bytes each.
  for (const [index, { sentBytes, receivedBytes }] of reports.entries()) {
    const site = sites[index]
    assert.ok(site && Math.abs(site.bytesReceived - sentBytes) < 100, `${site?.bytesReceived} of ${sentBytes} bytes`)
    assert.ok(Math.abs(site.bytesSent - receivedBytes) < 100)
  }
  const sentences = (await eventsOf(id)).map(({ sentence }) => sentence)
  assert.ok(sentences.includes('Round 3 aggregated · 2 of 2 sites returned'), sentences.join('\n'))
  assert.ok(sentences.includes('Finished after 3 rounds; the best is round 1'))
})

test('a site that is late is named and left out; it is asked again in the next round', async () => {
  const plan = { name: 'late', rounds: 2, minSites: 1, deadlineSeconds: 1, join: 'token' }
  const made = await service().ask('/api/v1/federations', { method: 'POST', payload: plan })
  const { id } = made.body
  const tokenOf = async (name: string) =>
    (await service().ask(`/api/v1/federations/${id}/sites`, { method: 'POST', payload: { name } })).body.token
  const [slowToken, quickToken] = [await tokenOf('slow'), await tokenOf('quick')]
  const gate: { open: () => void } = { open: () => undefined }
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const slow = joinToy(
    service().flower,
    { step: 100, examples: 10, before: (round) => (round === 1 ? opened : Promise.resolve()) },
    { token: slowToken },
  )
  const quick = joinToy(
    service().flower,
    {
      step: 1,
      examples: 10,
      before: async (round) => {
        if (round === 2) gate.open()
      },
    },
    { token: quickToken },
  )
  // Both wait in the lobby before it starts, so that both are asked in round 1.
  await new Promise((resolve) => setTimeout(resolve, 300))
  await service().ask(`/api/v1/federations/${id}/start`, { method: 'POST' })
  assert.equal((await ended(service(), id)).state, 'finished')
  await Promise.all([slow, quick])
  const [, first, second] = await roundsOf(id)
  assert.deepEqual(
    first?.sites.map(({ site, outcome, reason }) => [site, outcome, reason]),
    [
      ['quick', 'returned', null],
      ['slow', 'dropped', 'the deadline passed'],
    ],
  )
  assert.equal(first?.loss, 1, 'the late weights were dropped')
  assert.deepEqual(
    second?.sites.map(({ outcome }) => outcome),
    ['returned', 'returned'],
  )
  assert.equal(second?.loss, 1 + (100 + 1) / 2)
})

test('a site that hangs costs one deadline, not one for each round', async () => {
  const plan = { name: 'hung', rounds: 3, minSites: 1, deadlineSeconds: 4, join: 'open' }
  const id = await startFederation(service(), plan)
  const stop = new AbortController()
  const named = (site_name: string) => ({ properties: async () => ({ site_name }) })
  const forever = new Promise<void>(() => undefined)
  const hung = joinToy(
    service().flower,
    { step: 1, examples: 1, before: () => forever, work: named('hung') },
    { signal: stop.signal },
  )
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 300))
  const well = joinToy(service().flower, { step: 1, examples: 1, before: pause, work: named('well') })
  const startedAt = performance.now()
  assert.equal((await ended(service(), id)).state, 'finished')
  assert.ok(performance.now() - startedAt < 5 * 4000, 'training and evaluation of three rounds did not wait six times')
  await well
  const reasons = (await eventsOf(id)).filter(({ site, kind }) => site === 'hung' && kind === 'site-dropped')
  assert.ok(reasons.some(({ sentence }) => /it still works on an earlier round/.test(sentence)))
  stop.abort()
  await hung.catch(() => undefined)
})

test('weights of another shape, NaN, no examples and refusals drop a site out, with the reason', async () => {
  const id = await startFederation(service(), { name: 'bad', rounds: 1, minSites: 1, join: 'open' })
  const nan = toyStart.map((array) => ({ ...array, data: new Float32Array(array.data.length).fill(Number.NaN) }))
  const named = (site_name: string) => ({ properties: async () => ({ site_name }) })
  const { flower } = service()
  const ok = joinToy(flower, {
    step: 1,
    examples: 1,
    work: named('a-good'),
    before: () => new Promise((resolve) => setTimeout(resolve, 400)),
  })
  const stop = new AbortController()
  const others = [
    joinToy(flower, {
      step: 1,
      examples: 1,
      work: { ...named('b-nan'), fit: async () => ({ weights: nan, examples: 1, metrics: {} }) },
    }),
    joinToy(flower, {
      step: 1,
      examples: 1,
      work: { ...named('c-short'), fit: async () => ({ weights: toyStart.slice(1), examples: 1, metrics: {} }) },
    }),
    joinToy(flower, { step: 1, examples: 0, work: named('d-empty') }),
  ]
  assert.equal((await ended(service(), id)).state, 'finished')
  stop.abort()
  await Promise.all([ok, ...others])
  const dropped = (await eventsOf(id)).filter(({ kind }) => kind === 'site-dropped')
  for (const event of dropped) assert.match(event.sentence, /not finite|arrays|no example/)
  const [, round] = await roundsOf(id)
  assert.equal(round?.returned, 1)
})

test('a token that is not known, and none where one is wanted, are refused', async () => {
  await assert.rejects(joinToy(service().flower, { step: 1, examples: 1 }, { token: 'xls_nothing' }), {
    code: 'forbidden',
  })
  const { database, folder } = shared
  assert.ok(database && folder)
  const closed = await serviceUnderTest({ sql: database.sql, folder, openJoin: false })
  await assert.rejects(joinToy(closed.flower, { step: 1, examples: 1 }), { code: 'forbidden' })
  await closed.close()
})

test('a cancelled federation lets its sites go, and what was reached is kept', async () => {
  const id = await startFederation(service(), { name: 'stop', rounds: 1000, minSites: 1, join: 'open' })
  const site = joinToy(service().flower, { step: 1, examples: 1 })
  await until(async () => ((await roundsOf(id)).length > 2 ? true : undefined))
  const cancelled = await service().ask(`/api/v1/federations/${id}/cancel`, { method: 'POST' })
  assert.equal(cancelled.body.state, 'cancelled')
  await site
  const again = await service().ask(`/api/v1/federations/${id}/cancel`, { method: 'POST' })
  assert.equal(again.status, 409)
  assert.ok((await roundsOf(id)).length > 2)
})

test('a federation without enough sites fails with a reason, and goes on when it is started again', async () => {
  const id = await startFederation(service(), { name: 'few', rounds: 1, minSites: 1, waitSeconds: 1, join: 'open' })
  const failed = await ended(service(), id)
  assert.equal(failed.state, 'failed')
  assert.equal(failed.reason, 'Only 0 of 1 sites came within 1 s')
  const site = joinToy(service().flower, { step: 1, examples: 1 })
  await service().ask(`/api/v1/federations/${id}/start`, { method: 'POST' })
  assert.equal((await ended(service(), id)).state, 'finished')
  await site
})

test('the feed streams what happens, and goes on after the last event that a reader has seen', async () => {
  const id = await startFederation(service(), { name: 'feed', rounds: 1, minSites: 1, join: 'open' })
  const stop = new AbortController()
  const read = async (lastId?: string): Promise<string> => {
    const headers = { accept: 'text/event-stream', 'x-xinglin-caller': 'operator' }
    const resume = lastId === undefined ? {} : { 'last-event-id': lastId }
    const answer = await fetch(`${service().url}/api/v1/federations/${id}/events`, {
      headers: { ...headers, ...resume },
      signal: stop.signal,
    })
    assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('event: finished')) break
    }
    return text
  }
  const live = read()
  await joinToy(service().flower, { step: 1, examples: 1 })
  const text = await live
  const idsIn = (stream: string) => [...stream.matchAll(/^id: (\d+)$/gm)].map(([, number]) => number)
  const ids = idsIn(text)
  assert.deepEqual(idsIn(await read(ids.at(-3))).slice(0, 2), ids.slice(-2))
  stop.abort()
})

test('every role but those of the work is refused, and bad input is named', async () => {
  const base = '/api/v1/federations'
  for (const role of ['clinician', 'patient', 'frontend', 'radiologist'] as const) {
    assert.equal((await service().ask(base, { role })).status, 403)
    assert.equal((await service().ask(base, { role, method: 'POST', payload: { nonsense: true } })).status, 403)
  }
  assert.equal((await service().ask(base, { role: 'operator', method: 'POST', payload: { name: 'x' } })).status, 403)
  const bad: readonly (object | string)[] = [
    {},
    { name: '' },
    { name: 'x', rounds: 0 },
    { name: 'x', rounds: 'many' },
    { name: 'x', strategy: { kind: 'sorcery' } },
    { name: 'x', strategy: { kind: 'trimmed-mean', trim: 0.5 } },
    { name: 'x', unknown: 1 },
    '{"name":',
    '[]',
  ]
  for (const payload of bad) {
    const { status, body } = await service().ask(base, { method: 'POST', payload })
    assert.equal(status, 400, JSON.stringify(payload))
    assert.ok(body.detail)
  }
  const own = await service().ask(base, { method: 'POST', payload: { name: 'x', config: { server_round: 1 } } })
  assert.equal(own.status, 422)
  assert.equal((await service().ask(`${base}/nobody`)).status, 400)
  assert.equal((await service().ask(`${base}/00000000-0000-7000-8000-000000000000`)).status, 404)
  assert.equal((await service().ask(`${base}?nonsense=1`)).status, 400)
})

test('pages follow one another, newest first, and the audit trail knows who did what', async () => {
  const { body: first } = await service().ask('/api/v1/federations?_count=2')
  assert.equal(first.federations.length, 2)
  assert.ok(first.next)
  const { body: second } = await service().ask(first.next)
  assert.ok(!first.federations.some(({ id }) => second.federations.some((other) => other.id === id)))
  const entry = service().entries.find(({ interaction }) => interaction === 'federation-start')
  assert.equal(entry?.caller?.subject, 'test-data-scientist')
})
