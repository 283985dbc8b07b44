// Encrypted computation end to end over HTTP: who holds what, who gets what, and jobs that survive the loss of their process.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  cohortStatistics,
  cohortSums,
  makeKeys,
  publicPartOf,
  readTensealContext,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { type Bench, openBench } from '@xinglin/core/ckks/under-test'
import { audit as auditService, createTrail, type Trail } from '../../edge/audit/index.ts'
import { openDiskBlobs } from '../../engines/disk/index.ts'
import { createSealEngine, inflate, openSeal, packingFor, type SealEngine } from '../../engines/seal/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Blobs } from '../../kernel/ports.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { privacy } from './index.ts'
import { type Reply, type ServiceParts, type ServiceUnderTest, serviceUnderTest } from './under-test/service.ts'

const log = silentLogger
// One level: enough for a score, and keys of half the size.
const oneLevel = { degree: 8192, primeBits: [60, 40, 60], scaleBits: 40 }
let folder: string
let database: TestDatabase
let engine: SealEngine
let trail: Trail
let blobs: Blobs
let parts: ServiceParts
let service: ServiceUnderTest
let owner: Bench
let publicBytes: Uint8Array

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-privacy-'))
  database = await testDatabase([auditService.sql, privacy.sql])
  const { sql } = database
  const limits = { maxDegree: 16384, maxKeyBytes: 2 ** 27 }
  engine = createSealEngine({ folder, limits, memoryMb: 1024, inspectMs: 30_000, computeMs: 60_000, log })
  trail = createTrail({ sql, log, clock: systemClock })
  blobs = await openDiskBlobs(join(folder, 'blobs'))
  parts = { sql, blobs, audit: trail, encrypted: engine, log }
  service = await serviceUnderTest(parts)
  await service.start()
  owner = openBench({ seal: await openSeal(), inflate, packing: packingFor(3) }, oneLevel, [1])
  publicBytes = writeTensealContext({ ...publicPartOf(owner.context), galoisKeys: undefined })
})

after(async () => {
  owner.close()
  await service.close()
  await engine.close()
  await trail.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

const idOf = ({ status, body }: Reply): string => {
  assert.ok(status === 201 || status === 202, JSON.stringify(body))
  return String(body['id'])
}
const openContext = async (query = ''): Promise<string> =>
  idOf(await service.ask('POST', `contexts${query}`, { as: 'owner', bytes: publicBytes }))
const contribute = async (context: string, as: string, values: readonly number[], query = ''): Promise<string> =>
  idOf(await service.ask('POST', `contexts/${context}/vectors${query}`, { as, bytes: owner.encrypt(values) }))
const score = [
  { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
  { op: 'add-plain', of: 'half', values: 10, as: 'score' },
]
const total = (names: readonly string[]) => [{ op: 'total', of: names, as: 'all' }]

interface JobBody {
  readonly state: string
  readonly attempts: number
  readonly error?: { readonly code: string; readonly detail: string }
  readonly results: readonly { readonly id: string; readonly plainBytes: number; readonly sizeBytes: number }[]
}

async function ended(job: string): Promise<JobBody> {
  const answer = await service.ask('GET', `jobs/${job}?wait=20`, { as: 'owner' })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as unknown as JobBody
}

async function countRows(table: string): Promise<number> {
  const [row] = await database.sql.query<{ count: number }>({
    text: `SELECT count(*)::int AS count FROM privacy.${table}`,
  })
  return row?.count ?? 0
}

test('computes the risk score of an age that the server cannot read, for the key owner alone', async () => {
  const context = await openContext()
  const age = await contribute(context, 'hospital-b', [35], '?patient=zhang-san')
  const asked = { inputs: { age }, steps: score, outputs: ['score'] }
  const job = idOf(await service.ask('POST', `contexts/${context}/jobs`, { as: 'institute', json: asked }))
  const done = await ended(job)
  assert.equal(done.state, 'done', done.error?.detail)
  const [result] = done.results
  const path = `vectors/${result?.id}/bytes`
  const answer = await service.ask('GET', path, { as: 'owner' })
  assert.equal(owner.decrypt(answer.bytes)[0]?.toFixed(2), '27.50')
  assert.ok((result?.sizeBytes ?? 0) > 100_000 && result?.plainBytes === 8)

  assert.equal((await service.ask('GET', path, { as: 'institute' })).status, 403)
  assert.equal((await service.ask('GET', `vectors/${age}/bytes`, { as: 'owner' })).status, 403)
  assert.equal((await service.ask('GET', `vectors/${age}/bytes`, { as: 'hospital-b' })).status, 200)
  assert.equal((await service.ask('GET', `vectors/${age}`, { as: 'stranger' })).status, 404)
  const kept = await service.ask('GET', `contexts/${context}/bytes`, { as: 'stranger' })
  assert.equal(readTensealContext(kept.bytes).secretKey, undefined)

  const events = await database.sql.query<{ payload: string }>({
    text: 'SELECT payload::text AS payload FROM audit.event',
  })
  assert.ok(events.filter(({ payload }) => payload.includes('zhang-san')).length >= 2)
  assert.ok(events.some(({ payload }) => payload.includes('refused')))
})

test('refuses a context with a secret key, and keeps nothing of it', async () => {
  const before = [await countRows('context'), await countRows('loose_blob')]
  const answer = await service.ask('POST', 'contexts', { as: 'owner', bytes: writeTensealContext(owner.context) })
  assert.equal(answer.status, 422)
  assert.match(String(answer.body['detail']), /carries a secret key/)
  assert.deepEqual([await countRows('context'), await countRows('loose_blob')], before)
})

test('is open to its parties only', async () => {
  for (const role of ['patient', 'operator', 'frontend', 'compliance'] as const) {
    assert.equal((await service.ask('GET', 'contexts', { as: 'x', role })).status, 403)
    assert.equal((await service.ask('POST', 'contexts', { as: 'x', role, json: {} })).status, 403)
  }
  assert.equal((await service.ask('GET', 'contexts', { as: 'x', role: 'clinician' })).status, 200)
})

test('says at once what cannot be computed, and why', async () => {
  const context = await openContext()
  const x = await contribute(context, 'hospital-b', [1, 2, 3])
  const ask = async (job: object) => {
    const { status, body, type } = await service.ask('POST', `contexts/${context}/jobs`, { json: job })
    assert.match(type, /problem\+json/)
    return [status, String(body['detail'])] as const
  }
  const square = (of: string, as: string) => ({ op: 'square', of, as })
  const fourth = [square('x', 'a'), square('a', 'b')]
  const [status, detail] = await ask({ inputs: { x }, steps: fourth, outputs: ['b'] })
  assert.equal(status, 422)
  assert.match(detail, /Step 2 \(square\): 1 more multiplications/)
  const other = await contribute(await openContext(), 'hospital-b', [1])
  assert.match((await ask({ inputs: { x: other }, steps: [square('x', 'y')], outputs: ['y'] }))[1], /no vector of this/)
  assert.match((await ask({ inputs: { x }, steps: [square('x', 'y')], outputs: ['x'] }))[1], /is an input/)
  assert.match((await ask({ inputs: { x, y: x }, steps: [square('x', 'z')], outputs: ['z'] }))[1], /does not read .* y/)
  for (const wrong of [
    {},
    { inputs: {}, steps: [], outputs: [] },
    { inputs: { x }, steps: [{ op: 'decrypt', of: 'x', as: 'y' }], outputs: ['y'] },
  ]) {
    assert.equal((await ask(wrong))[0], 400)
  }
})

test('adds up what three hospitals encrypted, and tells nobody of a single one', async () => {
  const context = await openContext('?minContributors=3')
  const cohorts = [
    [120, 131, 118],
    [140, 125],
    [133, 128, 119, 151],
  ]
  const sent: string[] = []
  for (const [index, values] of cohorts.entries())
    sent.push(await contribute(context, `hospital-${index}`, cohortSums(values)))
  const names = sent.map((_id, index) => `h${index}`)
  const inputs = Object.fromEntries(names.map((name, index) => [name, sent[index]]))
  const ask = (job: object) => service.ask('POST', `contexts/${context}/jobs`, { as: 'institute', json: job })

  const two = { h0: sent[0], h1: sent[1] }
  assert.match(
    String((await ask({ inputs: two, steps: total(['h0', 'h1']), outputs: ['all'] })).body['detail']),
    /at least 3/,
  )
  const alone = [{ op: 'negate', of: 'h0', as: 'all' }, ...[{ op: 'add', left: 'h1', right: 'h2', as: 'rest' }]]
  assert.equal((await ask({ inputs, steps: alone, outputs: ['all'] })).status, 422)
  const twice = await ask({ inputs, steps: total([...names, 'h0']), outputs: ['all'] })
  assert.equal(twice.status, 422)

  const { results } = await ended(idOf(await ask({ inputs, steps: total(names), outputs: ['all'] })))
  const bytes = (await service.ask('GET', `vectors/${results[0]?.id}/bytes`, { as: 'owner' })).bytes
  const all = cohorts.flat()
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  const statistics = cohortStatistics(owner.decrypt(bytes))
  assert.equal(statistics.count, 9)
  assert.ok(Math.abs(statistics.mean - mean) < 1e-4)
  const again = await ask({ inputs, steps: total(names), outputs: ['all'] })
  assert.equal(again.status, 409)
})

test('tries a job again when its process is killed, and takes over one whose server was', async () => {
  const context = await openContext()
  const age = await contribute(context, 'hospital-b', [35])
  const asked = { inputs: { age }, steps: score, outputs: ['score'] }
  const encrypted: typeof engine = {
    ...engine,
    async compute(computation) {
      const [row] = await database.sql.query<{ attempts: number }>({
        text: "SELECT attempts FROM privacy.job WHERE state = 'running'",
      })
      const killed = { is: false }
      const onProgress = (): void => {
        const { pid } = engine
        if (row?.attempts !== 1 || pid === undefined || killed.is) return
        killed.is = true
        process.kill(pid, 'SIGKILL')
      }
      return engine.compute({ ...computation, onProgress })
    },
  }
  await service.close()
  service = await serviceUnderTest({ ...parts, encrypted })
  await service.start()
  const job = idOf(await service.ask('POST', `contexts/${context}/jobs`, { json: asked }))
  const done = await ended(job)
  assert.deepEqual([done.state, done.attempts, done.results.length], ['done', 2, 1])

  await database.sql.query({
    text: `UPDATE privacy.job SET state = 'running', held_by = gen_random_uuid(), held_until = now() - interval '1 s', attempts = 1
           WHERE id = $1`,
    values: [job],
  })
  await database.sql.query({ text: 'DELETE FROM privacy.vector WHERE job_id = $1', values: [job] })
  const taken = await ended(job)
  assert.deepEqual([taken.state, taken.attempts, taken.results.length], ['done', 2, 1])
})

test('cancels a waiting job, and refuses to cancel a finished one', async () => {
  const context = await openContext()
  const age = await contribute(context, 'hospital-b', [35])
  const asked = { inputs: { age }, steps: score, outputs: ['score'] }
  await service.close()
  service = await serviceUnderTest(parts) // not started: jobs wait
  const job = idOf(await service.ask('POST', `contexts/${context}/jobs`, { json: asked }))
  assert.equal((await service.ask('DELETE', `jobs/${job}`)).body['state'], 'cancelled')
  assert.equal((await service.ask('DELETE', `jobs/${job}`)).status, 409)
  await service.start()
  assert.equal((await ended(job)).state, 'cancelled')
})

test('lets nothing in of patients who withhold it from the caller or, in a cohort, from research', async () => {
  const withheld = new Set<string>()
  await service.close()
  service = await serviceUnderTest({
    ...parts,
    withheldFrom: async ({ purpose }, patients) => patients.filter((one) => withheld.has(`${one} ${purpose}`)),
  }) // not started: jobs wait
  const context = await openContext()
  const cohort = await openContext('?minContributors=2')
  const age = await contribute(context, 'hospital-b', [35], '?patient=li-si')
  const sums = await contribute(cohort, 'hospital-a', [1, 2, 3], '?patient=li-si')
  const others = await contribute(cohort, 'hospital-b', [4, 5, 6])
  const inTotal = { inputs: { sums, others }, steps: total(['sums', 'others']), outputs: ['all'] }
  const asked = { inputs: { age }, steps: score, outputs: ['score'] }

  withheld.add('li-si HRESCH')
  const send = { as: 'hospital-a', bytes: owner.encrypt([1]) }
  assert.equal((await service.ask('POST', `contexts/${cohort}/vectors?patient=li-si`, send)).status, 403)
  assert.equal((await service.ask('POST', `contexts/${context}/vectors?patient=li-si`, send)).status, 201)
  const refused = await service.ask('POST', `contexts/${cohort}/jobs`, { json: inTotal })
  assert.deepEqual([refused.status, String(refused.body['detail']).includes('leave out sums')], [403, true])
  assert.ok(!String(refused.body['detail']).includes('li-si'))

  const waiting = idOf(await service.ask('POST', `contexts/${context}/jobs`, { json: asked }))
  withheld.clear()
  const inCohort = idOf(await service.ask('POST', `contexts/${cohort}/jobs`, { json: inTotal }))
  withheld.add('li-si TREAT')
  assert.equal((await service.ask('POST', `contexts/${context}/jobs`, { json: asked })).status, 403)
  await service.start()
  for (const job of [waiting, inCohort]) {
    const { state, error } = await ended(job)
    assert.deepEqual([state, error?.code], ['failed', 'forbidden'])
  }
})

test('takes other evaluation keys of the same key owner, and of nobody else', async () => {
  const context = await openContext()
  const bytes = writeTensealContext(publicPartOf(owner.context))
  const path = `contexts/${context}/evaluation-keys`
  assert.equal((await service.ask('PUT', path, { as: 'thief', bytes })).status, 403)
  const other = makeKeys(await openSeal(), { choice: oneLevel, rotations: [], packing: packingFor(3) })
  const foreign = writeTensealContext(publicPartOf(other))
  assert.equal((await service.ask('PUT', path, { as: 'owner', bytes: foreign })).status, 409)
  const replaced = await service.ask('PUT', path, { as: 'owner', bytes })
  assert.deepEqual([replaced.status, replaced.body['rotations']], [200, [1]])
})

test('removes a context with all that was made under it', async () => {
  const context = await openContext()
  const age = await contribute(context, 'hospital-b', [35])
  assert.equal((await service.ask('DELETE', `vectors/${age}`, { as: 'owner' })).status, 403)
  assert.equal((await service.ask('DELETE', `contexts/${context}`, { as: 'hospital-b' })).status, 403)
  assert.equal((await service.ask('DELETE', `contexts/${context}`, { as: 'owner' })).status, 204)
  assert.equal((await service.ask('GET', `vectors/${age}`, { as: 'hospital-b' })).status, 404)
  const loose = await database.sql.query({
    text: 'SELECT blob FROM privacy.loose_blob WHERE blob = ANY($1)',
    values: [[`privacy/contexts/${context}`, `privacy/vectors/${age}`]],
  })
  assert.equal(loose.length, 2)
})
