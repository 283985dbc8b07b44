// Real Flower beside ours: Python clients on our server, our client on a real Flower server, and Flower's own aggregation.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aggregate, type Moments, type Strategy, type Weights } from '@xinglin/core/federated'
import { federated } from '../../packages/platform/src/ai/federated/index.ts'
import { joinFederation } from '../../packages/platform/src/ai/federated/site/index.ts'
import {
  ended,
  type ServiceUnderTest,
  serviceUnderTest,
  startFederation,
} from '../../packages/platform/src/ai/federated/under-test/service.ts'
import { freePort } from '../../packages/platform/src/kernel/free-port.ts'
import { type TestDatabase, testDatabase } from '../../packages/platform/src/testing/database.ts'
import { createHospital } from './hospital.ts'
import { hasFlower, howToGetFlower, runPython, startClient, startPython } from './python-peer.ts'

const skip = hasFlower() ? false : howToGetFlower
const article = fileURLToPath(new URL('../../../shared/seed/000_888ba9c2ed2c1062.txt', import.meta.url))
const shared: { database?: TestDatabase; folder?: string; service?: ServiceUnderTest } = {}

async function service(): Promise<ServiceUnderTest> {
  shared.database ??= await testDatabase([federated.sql])
  shared.folder ??= await mkdtemp(join(tmpdir(), 'xinglin-flower-'))
  shared.service ??= await serviceUnderTest({ sql: shared.database.sql, folder: shared.folder })
  return shared.service
}

after(async () => {
  await shared.service?.close()
  await shared.database?.close()
  if (shared.folder !== undefined) await rm(shared.folder, { recursive: true, force: true })
})

// The client as printed: from its first import to the call that joins.
function printedClient(): string {
  const text = readFileSync(article, 'utf8')
  const start = text.indexOf('import flwr as fl')
  const call = text.indexOf('fl.client.start_client(', start)
  return text.slice(start, text.indexOf('\n', call))
}

test('the client printed in the article joins unchanged and trains', {
  skip: skip || !existsSync(article),
}, async () => {
  const running = await service()
  const folder = shared.folder ?? ''
  const path = join(folder, 'client.py')
  await writeFile(path, printedClient())
  const id = await startFederation(running, {
    name: 'printed',
    rounds: 3,
    minSites: 2,
    join: 'open',
    metric: 'accuracy',
  })
  const printed = startClient(running.flower, path, { SITE_SEED: '3' })
  const hospital = await createHospital(5)
  const site = joinFederation({ address: running.flower, work: hospital.work })
  const body = await ended(running, id)
  assert.equal(body.state, 'finished', body.reason ?? '')
  const { code, err } = await printed.ended
  assert.equal(code, 0, err.slice(-2000))
  await site
  await hospital.close()
  const { rounds } = (await running.ask(`/api/v1/federations/${id}/rounds`)).body
  assert.deepEqual(
    rounds.map(({ returned }) => returned),
    [1, 2, 2, 2],
  )
  const [, first, , last] = rounds
  // The printed client does not evaluate; what it helped to train is better at its neighbour's than at first.
  assert.ok(
    (last?.metrics?.accuracy ?? 0) > 0.7 && (last?.loss ?? 9) < (first?.loss ?? 0),
    JSON.stringify(last?.metrics),
  )
  assert.ok(last?.sites.every(({ examples }) => examples === 256))
})

test('a Python hospital says by its properties who it is, and evaluates', { skip }, async () => {
  const running = await service()
  const plan = {
    name: 'named',
    rounds: 2,
    minSites: 1,
    metric: 'accuracy',
    config: { learning_rate: 0.02, local_epochs: 1 },
  }
  const { id } = (await running.ask('/api/v1/federations', { method: 'POST', payload: plan })).body
  const added = await running.ask(`/api/v1/federations/${id}/sites`, { method: 'POST', payload: { name: '华山医院' } })
  await running.ask(`/api/v1/federations/${id}/start`, { method: 'POST' })
  const python = startClient(running.flower, 'hospital.py', { SITE_TOKEN: added.body.token })
  const body = await ended(running, id)
  const { code, out, err } = await python.ended
  assert.equal(code, 0, err.slice(-2000))
  assert.equal(body.state, 'finished')
  assert.deepEqual(
    body.sites.map(({ name }) => name),
    ['华山医院'],
  )
  const told = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).fit)
  assert.deepEqual(told[1], { learning_rate: '0.02', local_epochs: '1', server_round: '2' })
  const { rounds } = (await running.ask(`/api/v1/federations/${id}/rounds`)).body
  assert.ok((rounds[2]?.metrics?.accuracy ?? 0) > 0.5)
  assert.ok(rounds[2]?.sites[0]?.evaluation)
})

test('our client and a Python one finish three rounds on a real Flower server', { skip }, async () => {
  const address = `127.0.0.1:${await freePort()}`
  const server = startPython(['flower_server.py', address])
  const neighbour = startClient(address, 'hospital.py', { SITE_SEED: '4' })
  const hospital = await createHospital(6)
  const report = await joinFederation({ address, work: hospital.work, patienceMs: 60_000 })
  const { code, out, err } = await server.ended
  assert.equal(code, 0, err.slice(-2000))
  await neighbour.ended
  await hospital.close()
  assert.deepEqual(
    hospital.told.map(({ server_round }) => server_round),
    [1, 2, 3],
  )
  const { learning_rate, flag, text } = hospital.told[0] ?? {}
  assert.deepEqual([learning_rate, flag, text], [0.01, true, '七'])
  assert.ok(report.sentBytes > 3 * 2000)
  const { accuracy } = JSON.parse(out.trim().split('\n').at(-1) ?? '{}')
  assert.ok(accuracy[2][1] > 0.6, JSON.stringify(accuracy))
})

test('three rounds of each strategy give what Flower’s own give, within 1e-5', { skip }, async () => {
  const examples = [30, 10, 5, 40, 15]
  const values = (round: number, site: number): readonly number[] =>
    Array.from({ length: 7 }, (_none, index) => Math.sin(1 + index * 3 + site * 7 + round * 11) * (site === 2 ? 50 : 1))
  const updates = [1, 2, 3].map((round) => examples.map((_count, site) => values(round, site)))
  const start = Array.from({ length: 7 }, (_none, index) => index / 10)
  const wanted = JSON.parse(runPython('strategies.py', JSON.stringify({ examples, updates, global: start })))
  const strategies: readonly Strategy[] = [
    { kind: 'fedavg' },
    { kind: 'fedmedian' },
    { kind: 'trimmed-mean', trim: 0.2 },
    { kind: 'fedadam', eta: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 },
  ]
  const arrayOf = (data: readonly number[]): Weights => [{ type: 'float32', shape: [7], data: Float32Array.from(data) }]
  for (const strategy of strategies) {
    let global = arrayOf(start)
    let moments: Moments | undefined
    for (const [index, round] of updates.entries()) {
      const given = round.map((data, site) => ({ examples: examples[site] ?? 0, weights: arrayOf(data) }))
      const end = await aggregate(
        { strategy, global, updates: given, round: index + 1, moments },
        async () => undefined,
      )
      global = end.weights
      moments = end.moments
      for (const [place, value] of (wanted[strategy.kind][index] as readonly number[]).entries()) {
        const got = Number(global[0]?.data[place])
        assert.ok(
          Math.abs(got - value) < 1e-5 * Math.max(1, Math.abs(value)),
          `${strategy.kind} ${index}: ${got}, ${value}`,
        )
      }
    }
  }
})
