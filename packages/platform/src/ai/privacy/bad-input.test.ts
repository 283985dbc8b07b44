// Bad input to every route: a clear refusal as problem details, nothing half stored, and a server that goes on.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { publicPartOf, writeTensealContext } from '@xinglin/core/ckks'
import { type Bench, openBench } from '@xinglin/core/ckks/under-test'
import fc from 'fast-check'
import { audit as auditService, createTrail, type Trail } from '../../edge/audit/index.ts'
import { openDiskBlobs } from '../../engines/disk/index.ts'
import { createSealEngine, inflate, openSeal, packingFor, type SealEngine } from '../../engines/seal/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { privacy } from './index.ts'
import { type Reply, type ServiceUnderTest, serviceUnderTest } from './under-test/service.ts'

const log = silentLogger
const small = { degree: 4096, primeBits: [40, 25, 40], scaleBits: 25 }
const nobody = '00000000-0000-7000-8000-000000000000'
let folder: string
let database: TestDatabase
let engine: SealEngine
let trail: Trail
let service: ServiceUnderTest
let owner: Bench
let context: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-privacy-bad-'))
  database = await testDatabase([auditService.sql, privacy.sql])
  const { sql } = database
  const limits = { maxDegree: 8192, maxKeyBytes: 2 ** 26 }
  engine = createSealEngine({ folder, limits, memoryMb: 512, inspectMs: 30_000, computeMs: 60_000, log })
  trail = createTrail({ sql, log, clock: systemClock })
  const blobs = await openDiskBlobs(join(folder, 'blobs'))
  const settings = { maxVectorBytes: 200_000, maxContextBytes: 2_000_000, maxStoredMb: 2 }
  service = await serviceUnderTest({ sql, blobs, audit: trail, encrypted: engine, log, settings })
  await service.start()
  owner = openBench({ seal: await openSeal(), inflate, packing: packingFor(3) }, small, [])
  const bytes = writeTensealContext(publicPartOf(owner.context))
  const made = await service.ask('POST', 'contexts', { as: 'owner', bytes })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  context = String(made.body['id'])
})

after(async () => {
  owner.close()
  await service.close()
  await engine.close()
  await trail.close()
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

function refused({ status, type, body }: Reply, ...expected: readonly number[]): void {
  assert.ok(expected.includes(status), `${status} ${JSON.stringify(body)}`)
  assert.match(type, /application\/problem\+json/)
  assert.match(String(body['type']), /^urn:xinglin:error:/)
  assert.ok(String(body['detail']).length > 10)
}

const uploads = () => ['contexts', `contexts/${context}/vectors`]

async function stored(): Promise<readonly unknown[]> {
  const [row] = await database.sql.query<Record<string, number>>({
    text: 'SELECT (SELECT count(*)::int FROM privacy.context) c, (SELECT count(*)::int FROM privacy.vector) v, (SELECT count(*)::int FROM privacy.job) j',
  })
  const files = await readdir(join(folder, 'blobs', 'privacy'), { recursive: true }).catch(() => [])
  return [row?.['c'], row?.['v'], row?.['j'], files.length]
}

test('refuses bodies of a wrong type, empty, too large and unreadable ones', async () => {
  const before = await stored()
  for (const path of uploads()) {
    refused(await service.ask('POST', path, { as: 'owner', json: { age: 35 } }), 415)
    refused(await service.ask('POST', path, { as: 'owner', bytes: new Uint8Array() }), 400)
    refused(await service.ask('POST', path, { as: 'owner', bytes: new Uint8Array(2_100_000) }), 413)
    refused(await service.ask('POST', path, { as: 'owner', bytes: new TextEncoder().encode('<html></html>') }), 422)
    refused(await service.ask('POST', path, { as: 'owner', bytes: new Uint8Array(100_000).fill(255) }), 422)
  }
  assert.deepEqual(await stored(), before)
})

test('refuses what hostile bytes there are, and goes on', async () => {
  const vector = owner.encrypt([1, 2, 3])
  const publicBytes = writeTensealContext(publicPartOf(owner.context))
  const before = await stored()
  const places = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  const cut = fc.integer({ min: 1, max: 40_000 })
  const hostile = fc.asyncProperty(fc.boolean(), places, cut, async (isVector, changes, length) => {
    const original = isVector ? vector : publicBytes
    const changed = Uint8Array.from(length % 3 === 0 ? original.subarray(0, original.length - length) : original)
    // Headers and lengths lie at the front; that is where it hurts.
    for (const [at, value] of changes) changed[at % (at % 2 === 0 ? 400 : changed.length)] = value
    const path = isVector ? `contexts/${context}/vectors` : 'contexts'
    const answer = await service.ask('POST', path, { as: 'owner', bytes: changed })
    if (answer.status === 201) {
      // A change that only alters a number inside is a vector like any other.
      const [kind, id] = [isVector ? 'vectors' : 'contexts', answer.body['id']]
      assert.equal((await service.ask('DELETE', `${kind}/${id}`, { as: 'owner' })).status, 204)
    } else refused(answer, 422)
  })
  await fc.assert(hostile, { numRuns: 24 })
  const after = await stored()
  assert.deepEqual(after.slice(0, 3), before.slice(0, 3))
  assert.equal((await service.ask('POST', `contexts/${context}/vectors`, { as: 'b', bytes: vector })).status, 201)
})

test('refuses wrong addresses, parameters and programs', async () => {
  for (const path of ['contexts/1', 'vectors/1', 'jobs/1', 'contexts/../../etc/passwd']) {
    refused(await service.ask('GET', path), 400, 404)
  }
  for (const path of [`contexts/${nobody}`, `vectors/${nobody}/bytes`, `jobs/${nobody}`, `contexts/${nobody}/jobs`]) {
    refused(await service.ask('GET', path), 404)
  }
  refused(await service.ask('GET', 'contexts?colour=red'), 400)
  refused(await service.ask('GET', `jobs/${nobody}?wait=9999`), 400)
  refused(await service.ask('POST', 'contexts?minContributors=0', { bytes: Uint8Array.of(1) }), 400)
  refused(await service.ask('PUT', 'contexts', { bytes: Uint8Array.of(1) }), 405)

  const sent = await service.ask('POST', `contexts/${context}/vectors`, { as: 'b', bytes: owner.encrypt([1, 2]) })
  const inputs = { x: String(sent.body['id']) }
  const path = `contexts/${context}/jobs`
  const wrong: readonly [object, number][] = [
    [{ inputs: { x: nobody }, steps: [{ op: 'negate', of: 'x', as: 'y' }], outputs: ['y'] }, 422],
    [{ inputs, steps: [{ op: 'negate', of: 'x', as: 'y', extra: 1 }], outputs: ['y'] }, 400],
    [{ inputs, steps: [{ op: 'multiply-plain', of: 'x', values: 'many', as: 'y' }], outputs: ['y'] }, 400],
    [{ inputs, steps: [{ op: 'multiply-plain', of: 'x', values: [1, 2, 3], as: 'y' }], outputs: ['y'] }, 422],
    [{ inputs, steps: [{ op: 'multiply-plain', of: 'x', values: 1e300, as: 'y' }], outputs: ['y'] }, 202],
    [{ inputs, steps: [{ op: 'sum', of: 'x', as: 'y' }], outputs: ['y'] }, 422],
    [{ inputs, steps: [{ op: 'negate', of: '__proto__', as: 'y' }], outputs: ['y'] }, 422],
  ]
  for (const [json, status] of wrong) {
    const answer = await service.ask('POST', path, { json })
    if (status !== 202) refused(answer, status)
    else {
      // Only SEAL itself knows that the number is too large: the job fails with its words.
      const ended = await service.ask('GET', `jobs/${answer.body['id']}?wait=20`)
      assert.equal(ended.body['state'], 'failed')
      assert.match(JSON.stringify(ended.body['error']), /unprocessable.*too large/)
    }
  }
})

test('refuses more than a caller may store', async () => {
  const bytes = owner.encrypt([1])
  const statuses: number[] = []
  for (let turn = 0; turn < 40 && !statuses.includes(413); turn += 1) {
    const answer = await service.ask('POST', `contexts/${context}/vectors`, { as: 'hoarder', bytes })
    statuses.push(answer.status)
    if (answer.status === 413) refused(answer, 413)
  }
  assert.equal(statuses.at(-1), 413)
  assert.ok(statuses.filter((status) => status === 201).length >= 10)
})
