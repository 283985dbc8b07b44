// What the audit service shows to prove itself: state, checkpoints, proofs, verification.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { verifyConsistency, verifyInclusion } from '@xinglin/core/merkle'
import { databaseOnOwnServer, type TestDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { audit } from './index.ts'
import { type Ask, newest, type Reply, type ServiceUnderTest, serviceUnderTest } from './under-test/service.ts'
import { readOf } from './under-test/trail.ts'

const shared: { database?: TestDatabase; service?: ServiceUnderTest } = {}

function service(): ServiceUnderTest {
  assert.ok(shared.service)
  return shared.service
}

const ask = (url: string, how?: Ask): Promise<Reply> => service().ask(url, how)

before(async () => {
  const database = await databaseOnOwnServer([audit.sql])
  Object.assign(shared, { database, service: await serviceUnderTest(database.sql, silentLogger) })
})

after(async () => {
  await shared.service?.close()
  await shared.database?.close()
})

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const fromHex = (text: string): Uint8Array => Buffer.from(text, 'hex')

test('state, checkpoint and proofs fit together and are checked with the public key and hashes alone', async () => {
  const { trail, folder } = service()
  await trail.record(readOf('proven'))
  const before = (await ask('/audit/state')).body
  await trail.record(readOf('proven'))
  await service().allSealed()
  const { body: state } = await ask('/audit/state')
  assert.ok(state.size > before.size)
  assert.ok(state.lagMs < 1000)
  assert.equal(state.publicKey, await readFile(join(folder, 'public-key.pem'), 'utf8'))
  const { body: consistency } = await ask(`/audit/proof/consistency?from=${before.size}&to=${state.size}`)
  assert.equal(consistency.fromRoot, before.root)
  assert.equal(consistency.toRoot, state.root)
  const claim = {
    from: before.size,
    to: state.size,
    fromRoot: fromHex(before.root),
    toRoot: fromHex(state.root),
    proof: consistency.proof.map(fromHex),
  }
  assert.ok(verifyConsistency(sha256, claim))
  const found = await ask('/audit/events?patient=proven&_count=1')
  const seq = newest(found).extension.find(({ url }) => url === 'urn:xinglin:audit:seq')?.valueDecimal ?? -1
  const { body: inclusion } = await ask(`/audit/proof/inclusion?seq=${seq}&size=${state.size}`)
  assert.equal(String(inclusion.eventId), newest(found).id)
  assert.ok(
    verifyInclusion(sha256, {
      index: seq,
      size: state.size,
      leaf: fromHex(inclusion.leaf),
      root: fromHex(state.root),
      proof: inclusion.proof.map(fromHex),
    }),
  )
})

test('proofs of what is not there are refused', async () => {
  for (const [path, status] of [
    ['inclusion', 400],
    ['inclusion?seq=-1', 400],
    ['inclusion?seq=x', 400],
    ['inclusion?seq=1e9', 400],
    ['inclusion?seq=999999999', 404],
    ['inclusion?seq=0&size=0', 404],
    ['inclusion?seq=0&size=999999999', 404],
    ['consistency?from=2&to=1', 400],
    ['consistency?from=1&to=999999999', 404],
    ['consistency?to=1', 400],
  ] as const) {
    assert.equal((await ask(`/audit/proof/${path}`)).status, status, path)
  }
})

test('the key is outside the database, for its owner alone', async () => {
  const { folder } = service()
  assert.equal((await stat(join(folder, 'signing-key.pem'))).mode & 0o777, 0o600)
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
})

test('a second folder on the same database is refused, unless the loss of the first is told', async () => {
  const database = await databaseOnOwnServer([audit.sql])
  const first = await serviceUnderTest(database.sql, silentLogger)
  for (let turn = 0; (await first.ask('/audit/checkpoints')).body.checkpoints.length === 0 && turn < 300; turn++) {
    await first.trail.record(readOf('before the second folder'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await first.close()
  await assert.rejects(serviceUnderTest(database.sql, silentLogger), /signed with a key that is not in/)
  const accepted = await serviceUnderTest(database.sql, silentLogger, true)
  await accepted.close()
  await database.close()
})

test('checkpoints come as signed notes, newest first, in pages', async () => {
  const { trail } = service()
  const numbers = async (): Promise<readonly number[]> =>
    (await ask('/audit/checkpoints?_count=200')).body.checkpoints.map((one) => one.number)
  for (let turn = 0; (await numbers()).length < 2 && turn < 300; turn++) {
    await trail.record(readOf('checkpointed'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { body: page } = await ask('/audit/checkpoints?_count=1')
  assert.equal(page.checkpoints.length, 1)
  assert.match(page.checkpoints[0]?.note ?? '', /^xinglin\.audit\/[0-9a-f-]{36}\n\d+\n[A-Za-z0-9+/=]{44}\n/)
  const { body: next } = await ask(page.next)
  assert.equal(next.checkpoints[0]?.number, (page.checkpoints[0]?.number ?? 0) - 1)
})

test('a verification runs in the background and tells how far it is', async () => {
  assert.equal((await ask('/audit/verify', { method: 'POST' })).status, 202)
  let { body } = await ask('/audit/verify')
  for (let turn = 0; body.state === 'running' && turn < 500; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    body = (await ask('/audit/verify')).body
  }
  assert.equal(body.state, 'done')
  assert.ok(body.report.ok, body.report.summary)
  assert.equal(body.report.sealed, body.checked)
  const { body: state } = await ask('/audit/state')
  assert.deepEqual([state.verified.ok, state.verified.size], [true, body.checked])
})
