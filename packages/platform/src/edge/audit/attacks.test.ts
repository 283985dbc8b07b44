// A table of attacks on the trail, each done to a real database and found out by verification.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Tx } from '../../kernel/sql.ts'
import { databaseOnOwnServer, type TestDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { audit } from './index.ts'
import { readState } from './seal/seal-store.ts'
import { commitmentOf } from './seal/sealed-record.ts'
import {
  afterAttack,
  attackedTrail,
  checkpointSizes,
  resealAll,
  resealOne,
  rewritePayload,
  rowAt,
  run,
  totalEvents,
} from './under-test/attack.ts'
import type { TrailUnderTest } from './under-test/trail.ts'
import type { FaultKind } from './verify/report.ts'

const shared: { database?: TestDatabase; subject?: TrailUnderTest } = {}

function subject(): TrailUnderTest {
  assert.ok(shared.subject)
  return shared.subject
}

before(async () => {
  const database = await databaseOnOwnServer([audit.sql])
  Object.assign(shared, { database, subject: await attackedTrail(database.sql, silentLogger) })
})

after(async () => {
  await shared.subject?.close()
  await shared.database?.close()
})

interface Expected {
  readonly kind: FaultKind
  readonly seq?: number
  readonly eventId?: number
}

/** Puts the trail back to an earlier length, state and all. */
async function rewind(tx: Tx, size: number): Promise<void> {
  await run(tx, 'DELETE FROM audit.event WHERE id > $1', [size])
  await run(tx, "DELETE FROM audit.checkpoint WHERE (line::json->>'size')::int > $1", [size])
  await resealAll(tx)
}

const shiftUp = async (tx: Tx, from: number): Promise<void> => {
  await run(tx, 'UPDATE audit.seal SET seq = -seq - 1000 WHERE seq >= $1', [from])
  await run(tx, 'UPDATE audit.seal SET seq = -seq - 1000 + 1 WHERE seq <= -1000')
  await run(tx, 'UPDATE audit.state SET size = size + 1')
}

const insertEvent = `INSERT INTO audit.event (id, recorded, keys, payload) OVERRIDING SYSTEM VALUE
  SELECT 999, recorded, keys, payload FROM audit.event WHERE id = 5`

/** Puts a copy of an event into the chain at a place. */
async function insertSealed(tx: Tx, seq: number, isLinked: boolean): Promise<void> {
  await run(tx, insertEvent)
  await shiftUp(tx, seq)
  await run(
    tx,
    'INSERT INTO audit.seal SELECT $1::bigint, 999, commitment, chain, substr(nodes, 1, 32) FROM audit.seal WHERE seq = $1::bigint - 1',
    [seq],
  )
  if (isLinked) await resealOne(tx, seq)
}

const attacks: readonly (readonly [string, Expected, (tx: Tx) => Promise<unknown>])[] = [
  ['an event that says something else', { kind: 'changed', seq: 12, eventId: 13 }, (tx) => rewritePayload(tx, 12)],
  [
    'an event with another salt',
    { kind: 'changed', seq: 12, eventId: 13 },
    (tx) => run(tx, 'UPDATE audit.event SET salt = gen_random_uuid() WHERE id = 13'),
  ],
  [
    'an event whose salt alone was removed',
    { kind: 'changed', seq: 12, eventId: 13 },
    (tx) => run(tx, 'UPDATE audit.event SET salt = NULL WHERE id = 13'),
  ],
  [
    'an event at another time, by a microsecond',
    { kind: 'changed', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.event SET recorded = recorded + interval '1 microsecond' WHERE id = 13"),
  ],
  [
    'an event hidden from searches',
    { kind: 'index-changed', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.event SET keys = '{}' WHERE id = 13"),
  ],
  [
    'an event under the number of another one',
    { kind: 'deleted', seq: 12, eventId: 13 },
    (tx) => run(tx, 'UPDATE audit.event SET id = DEFAULT WHERE id = 13'),
  ],
  [
    'two events that changed numbers',
    { kind: 'changed', seq: 12, eventId: 13 },
    async (tx) => {
      await run(tx, 'ALTER TABLE audit.event ALTER id DROP IDENTITY')
      await run(tx, 'UPDATE audit.event SET id = -id WHERE id IN (13, 14)')
      await run(tx, 'UPDATE audit.event SET id = CASE id WHEN -13 THEN 14 ELSE 13 END WHERE id < 0')
    },
  ],
  [
    'a commitment',
    { kind: 'changed', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.seal SET commitment = sha256('x') WHERE seq = 12"),
  ],
  [
    'an event together with its commitment',
    { kind: 'changed', seq: 12, eventId: 13 },
    async (tx) => {
      const payload = await rewritePayload(tx, 12)
      const { salt } = await rowAt(tx, 12)
      await run(tx, 'UPDATE audit.seal SET commitment = $1 WHERE seq = 12', [commitmentOf(salt, payload)])
    },
  ],
  [
    // The row itself fits then; the next one tells, and names both.
    'an event together with commitment, link and leaf',
    { kind: 'changed', seq: 13, eventId: 14 },
    async (tx) => {
      await rewritePayload(tx, 12)
      await resealOne(tx, 12)
    },
  ],
  [
    'a link of the chain',
    { kind: 'changed', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.seal SET chain = sha256('x') WHERE seq = 12"),
  ],
  [
    'a leaf of the tree',
    { kind: 'node-changed', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.seal SET nodes = sha256('x') WHERE seq = 12"),
  ],
  [
    'an inner node of the tree',
    { kind: 'node-changed', seq: 15, eventId: 16 },
    (tx) => run(tx, "UPDATE audit.seal SET nodes = overlay(nodes placing sha256('x') from 129 for 32) WHERE seq = 15"),
  ],
  [
    'a deleted event',
    { kind: 'deleted', seq: 12, eventId: 13 },
    (tx) => run(tx, 'DELETE FROM audit.event WHERE id = 13'),
  ],
  ['a deleted seal', { kind: 'deleted', seq: 12 }, (tx) => run(tx, 'DELETE FROM audit.seal WHERE seq = 12')],
  [
    'a deleted event with its seal',
    { kind: 'deleted', seq: 12 },
    async (tx) => {
      await run(tx, 'DELETE FROM audit.event WHERE id = 13')
      await run(tx, 'DELETE FROM audit.seal WHERE seq = 12')
    },
  ],
  [
    'deleted events, the others renumbered',
    { kind: 'deleted', seq: 12 },
    async (tx) => {
      await run(tx, 'DELETE FROM audit.event WHERE id IN (13, 14)')
      await run(tx, 'DELETE FROM audit.seal WHERE seq IN (12, 13)')
      await run(tx, 'UPDATE audit.seal SET seq = -seq WHERE seq > 13')
      await run(tx, 'UPDATE audit.seal SET seq = -seq - 2 WHERE seq < 0')
      await run(tx, 'UPDATE audit.state SET size = size - 2')
    },
  ],
  [
    'the first event deleted',
    { kind: 'deleted', seq: 0 },
    async (tx) => {
      await run(tx, 'DELETE FROM audit.event WHERE id = 1')
      await run(tx, 'DELETE FROM audit.seal WHERE seq = 0')
    },
  ],
  [
    'all events deleted, the state too',
    { kind: 'truncated', seq: 0 },
    async (tx) => {
      await run(tx, 'TRUNCATE audit.event, audit.seal, audit.checkpoint')
      await resealAll(tx)
    },
  ],
  [
    'the end cut off behind the last checkpoint',
    { kind: 'deleted', seq: 38 },
    (tx) => run(tx, 'DELETE FROM audit.seal WHERE seq > 37'),
  ],
  [
    'the end cut off before the last checkpoint, state and checkpoints too',
    { kind: 'truncated', seq: 33 },
    (tx) => rewind(tx, 33),
  ],
  ['an older database put in place', { kind: 'truncated', seq: 20 }, (tx) => rewind(tx, 20)],
  [
    'an event inserted among sealed ones',
    { kind: 'inserted', seq: 20, eventId: 999 },
    (tx) => insertSealed(tx, 20, false),
  ],
  [
    'an event inserted with a link of its own',
    { kind: 'inserted', seq: 20, eventId: 999 },
    (tx) => insertSealed(tx, 20, true),
  ],
  [
    'an event inserted so that it is never sealed',
    { kind: 'inserted', eventId: 999 },
    (tx) =>
      run(
        tx,
        `INSERT INTO audit.event (id, txid, recorded, keys, payload) OVERRIDING SYSTEM VALUE SELECT 999, txid, recorded, keys, payload FROM audit.event WHERE id = 5`,
      ),
  ],
  [
    'a seal behind the end',
    { kind: 'inserted', seq: 40, eventId: 999 },
    async (tx) => {
      await run(tx, insertEvent)
      await run(tx, 'INSERT INTO audit.seal SELECT 40, 999, commitment, chain, nodes FROM audit.seal WHERE seq = 39')
    },
  ],
  [
    'two seals exchanged',
    { kind: 'reordered', seq: 12, eventId: 14 },
    async (tx) => {
      await run(tx, 'UPDATE audit.seal SET seq = -seq WHERE seq IN (12, 13)')
      await run(tx, 'UPDATE audit.seal SET seq = CASE seq WHEN -12 THEN 13 ELSE 12 END WHERE seq < 0')
    },
  ],
  [
    'the end of the chain kept for the sealer',
    { kind: 'state-changed' },
    (tx) => run(tx, "UPDATE audit.state SET chain = sha256('x')"),
  ],
  [
    'the frontier kept for the sealer',
    { kind: 'state-changed' },
    (tx) => run(tx, "UPDATE audit.state SET frontier = overlay(frontier placing sha256('x') from 1 for 32)"),
  ],
  [
    'an event erased without a record of it',
    { kind: 'erased-without-record', seq: 12, eventId: 13 },
    (tx) => run(tx, "UPDATE audit.event SET payload = NULL, salt = NULL, keys = '{}' WHERE id = 13"),
  ],
  [
    'an event changed and the whole chain computed again',
    { kind: 'rewritten', seq: 10 },
    async (tx) => {
      await rewritePayload(tx, 12)
      await resealAll(tx)
    },
  ],
  [
    'an event deleted and the whole chain computed again',
    { kind: 'rewritten', seq: 30 },
    async (tx) => {
      await run(tx, 'DELETE FROM audit.event WHERE id = 35')
      await resealAll(tx)
    },
  ],
  [
    'a content that is no entry, the whole chain computed again',
    { kind: 'changed', seq: 12, eventId: 13 },
    async (tx) => {
      await run(tx, "UPDATE audit.event SET payload = 'not JSON' WHERE id = 13")
      await resealAll(tx)
    },
  ],
  [
    'another trail under the same checkpoints',
    { kind: 'other-trail' },
    (tx) => run(tx, 'UPDATE audit.state SET trail = gen_random_uuid()'),
  ],
]

test('an untouched trail verifies', async () => {
  const report = await subject().verify()
  assert.deepEqual(report.faults, [])
  assert.deepEqual(report.warnings, [])
  assert.equal(report.ok, true)
  assert.equal(report.sealed, totalEvents)
  assert.equal(report.checkpoints.count, checkpointSizes.length)
  assert.equal(report.afterLastCheckpoint, totalEvents - 37)
  assert.deepEqual(report.unsealed, { count: 0 })
})

for (const [name, expected, attack] of attacks) {
  test(`finds ${name}`, async () => {
    const report = await afterAttack(subject(), attack)
    const [first] = report.faults
    assert.equal(report.ok, false)
    assert.deepEqual({ ...first, detail: undefined }, { ...expected, detail: undefined }, report.summary)
    assert.match(report.summary, /TOUCHED/)
  })
}

test('the findings of several attacks are all named, the first one first', async () => {
  const report = await afterAttack(subject(), async (tx) => {
    await rewritePayload(tx, 30)
    await run(tx, 'DELETE FROM audit.event WHERE id = 5')
    await run(tx, "UPDATE audit.event SET keys = '{1}' WHERE id = 12")
  })
  assert.deepEqual(
    report.faults.map(({ kind, eventId }) => [kind, eventId]),
    [
      ['deleted', 5],
      ['index-changed', 12],
      ['changed', 31],
    ],
  )
  assert.equal((await readState(subject().sql)).size, totalEvents)
})
