// A table of attacks on the trail, each done to a real database or folder and found out by verification.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Tx } from '../../kernel/sql.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { parseLine, signCheckpoint, toLine } from './checkpoints/checkpoint.ts'
import { audit } from './index.ts'
import { sealRipeEvents } from './seal/seal-events.ts'
import { lockState, readState } from './seal/seal-store.ts'
import { chainOf, commitmentOf, leafOf, recordBytesOf } from './seal/sealed-record.ts'
import { keysOf } from './trail/payload.ts'
import { type TrailUnderTest, trailUnderTest } from './trail-under-test.ts'
import type { FaultKind, TrailReport } from './verify/report.ts'
import { verifyTrail } from './verify/verify.ts'

// Events 1 to 40 at the places 0 to 39; checkpoints over 10, 20, 30 and 37 of them.
const sizes = [10, 20, 30, 37]
const total = 40

const shared: { database?: TestDatabase; subject?: TrailUnderTest } = {}

function subject(): TrailUnderTest {
  assert.ok(shared.subject)
  return shared.subject
}

before(async () => {
  const database = await testDatabase([audit.sql])
  // Checkpoints only when the test asks for them.
  const trail = await trailUnderTest(database.sql, silentLogger, { checkpointEveryMs: Number.POSITIVE_INFINITY })
  Object.assign(shared, { database, subject: trail })
  let made = 0
  for (const size of sizes) {
    await trail.readAll(Array.from({ length: size - made }, (_, at) => `p-${made + at}`))
    await trail.sealer.sealNow()
    made = size
  }
  await trail.readAll(Array.from({ length: total - made }, (_, at) => `p-${made + at}`))
  await database.sql.transaction(async (tx) => {
    await sealRipeEvents(tx, await lockState(tx), 1000)
  })
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

class Undo extends Error {
  readonly report: TrailReport
  constructor(report: TrailReport) {
    super('undo')
    this.report = report
  }
}

/** Verifies the trail as an attack leaves it, and undoes the attack. */
async function afterAttack(attack: (tx: Tx) => Promise<void>): Promise<TrailReport> {
  const { sql, folder } = subject()
  try {
    await sql.transaction(async (tx) => {
      await attack(tx)
      throw new Undo(await verifyTrail({ sql: tx, folder }))
    })
  } catch (error) {
    if (error instanceof Undo) return error.report
    throw error
  }
  return assert.fail('the attack was not undone')
}

const run = (tx: Tx, text: string, values: readonly unknown[] = []) => tx.query({ text, values })

interface Row {
  readonly seq: number
  readonly eventId: number
  readonly recordedUs: number
  readonly salt: string
  readonly payload: string
  readonly chain: Buffer
}

async function rowAt(tx: Tx, seq: number): Promise<Row> {
  const [row] = await tx.query<Row>({
    text: `SELECT s.seq, e.id AS "eventId", (extract(epoch FROM e.recorded) * 1000000)::bigint AS "recordedUs", e.salt, e.payload, s.chain
           FROM audit.seal s JOIN audit.event e ON e.id = s.event_id WHERE seq = $1`,
    values: [seq],
  })
  assert.ok(row)
  return row
}

/** Changes what an event says, with its search keys. */
async function rewritePayload(tx: Tx, seq: number): Promise<string> {
  const row = await rowAt(tx, seq)
  const payload = row.payload.replaceAll(`p-${seq}`, 'p-nobody')
  assert.notEqual(payload, row.payload)
  const values = [row.eventId, payload, keysOf(JSON.parse(payload))]
  await run(tx, 'UPDATE audit.event SET payload = $2, keys = $3::bigint[] WHERE id = $1', values)
  return payload
}

/** Computes commitment, link and leaf of one row again, as somebody who knows the procedure. */
async function resealOne(tx: Tx, seq: number): Promise<void> {
  const [row, previous] = [await rowAt(tx, seq), await rowAt(tx, seq - 1)]
  const commitment = commitmentOf(row.salt, row.payload)
  const record = recordBytesOf({ ...row, commitment })
  await run(
    tx,
    'UPDATE audit.seal SET commitment = $2, chain = $3, nodes = overlay(nodes placing $4::bytea from 1 for 32) WHERE seq = $1',
    [seq, commitment, chainOf(previous.chain, record), leafOf(record)],
  )
}

/** Computes all seals again. */
async function resealAll(tx: Tx): Promise<void> {
  await run(tx, 'DELETE FROM audit.seal')
  await run(
    tx,
    `UPDATE audit.state SET size = 0, chain = decode(repeat('00', 32), 'hex'), frontier = '', after_txid = '0', after_id = 0`,
  )
  await sealRipeEvents(tx, await lockState(tx), 1000)
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
  assert.equal(report.sealed, total)
  assert.equal(report.checkpoints.count, sizes.length)
  assert.equal(report.afterLastCheckpoint, total - 37)
  assert.deepEqual(report.unsealed, { count: 0 })
})

for (const [name, expected, attack] of attacks) {
  test(`finds ${name}`, async () => {
    const report = await afterAttack(async (tx) => {
      await attack(tx)
    })
    const [first] = report.faults
    assert.equal(report.ok, false)
    assert.deepEqual({ ...first, detail: undefined }, { ...expected, detail: undefined }, report.summary)
    assert.match(report.summary, /TOUCHED/)
  })
}

type FolderAttack = readonly [string, FaultKind, (folder: string, lines: readonly string[]) => Promise<void>]

const write = (folder: string, lines: readonly string[]) =>
  writeFile(join(folder, 'checkpoints.ndjson'), lines.map((line) => `${line}\n`).join(''))

function forged(line: string | undefined): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const checkpoint = parseLine(line ?? '')
  assert.ok(checkpoint)
  return toLine(signCheckpoint(checkpoint, { privateKey, publicKey }))
}

const folderAttacks: readonly FolderAttack[] = [
  [
    'another time in a line',
    'checkpoint-changed',
    (folder, lines) => write(folder, lines.with(1, lines[1]?.replace(/"at":"2/, '"at":"3') ?? '')),
  ],
  [
    'another size in a line',
    'checkpoint-changed',
    (folder, lines) => write(folder, lines.with(1, lines[1]?.replace('"size":20', '"size":21') ?? '')),
  ],
  [
    'another number in a line',
    'checkpoint-changed',
    (folder, lines) => write(folder, lines.with(1, lines[1]?.replace('"number":1', '"number":2') ?? '')),
  ],
  ['a line removed from the middle', 'checkpoint-missing', (folder, lines) => write(folder, lines.toSpliced(1, 1))],
  ['the first line removed', 'checkpoint-missing', (folder, lines) => write(folder, lines.slice(1))],
  ['a line twice', 'checkpoint-missing', (folder, lines) => write(folder, lines.toSpliced(1, 0, lines[1] ?? ''))],
  [
    'lines exchanged',
    'checkpoint-missing',
    (folder, lines) =>
      write(
        folder,
        [0, 2, 1, 3].map((at) => lines[at] ?? ''),
      ),
  ],
  [
    'a line that is no checkpoint',
    'checkpoint-changed',
    (folder, lines) => write(folder, [...lines, 'not a checkpoint']),
  ],
  ['a line with a space more', 'checkpoint-changed', (folder, lines) => write(folder, lines.with(1, `${lines[1]} `))],
  [
    'a line signed by somebody else',
    'checkpoint-changed',
    (folder, lines) => write(folder, lines.with(1, forged(lines[1]))),
  ],
  ['an endless line', 'checkpoint-changed', (folder, lines) => write(folder, lines.with(1, 'x'.repeat(3_000_000)))],
  ['a missing key', 'checkpoint-missing', (folder) => rm(join(folder, 'public-key.pem'))],
  [
    'another key',
    'checkpoint-changed',
    (folder) =>
      writeFile(
        join(folder, 'public-key.pem'),
        generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
      ),
  ],
]

async function withFolderCopy<T>(work: (folder: string, lines: readonly string[]) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'xinglin-audit-copy-'))
  try {
    await cp(subject().folder, copy, { recursive: true })
    const text = await readFile(join(copy, 'checkpoints.ndjson'), 'utf8')
    return await work(copy, text.trimEnd().split('\n'))
  } finally {
    await rm(copy, { recursive: true })
  }
}

for (const [name, kind, attack] of folderAttacks) {
  test(`finds in the file of checkpoints ${name}`, async () => {
    const report = await withFolderCopy(async (folder, lines) => {
      await attack(folder, lines)
      return verifyTrail({ sql: subject().sql, folder })
    })
    assert.equal(report.ok, false)
    assert.equal(report.faults[0]?.kind, kind, report.summary)
  })
}

test('a file that lacks its last lines is said, while the signed copies in the database still vouch', async () => {
  for (const kept of [3, 1, 0]) {
    const report = await withFolderCopy(async (folder, lines) => {
      await write(folder, lines.slice(0, kept))
      return verifyTrail({ sql: subject().sql, folder })
    })
    assert.equal(report.ok, true, report.summary)
    assert.match(report.warnings.join(), new RegExp(`lacks the last ${4 - kept} checkpoint`))
    assert.equal(report.checkpoints.count, 4)
  }
})

test('the copies in the database do not help somebody who shortens the file and rewrites the trail', async () => {
  await withFolderCopy(async (folder, lines) => {
    await write(folder, lines.slice(0, 1))
    const { sql } = subject()
    const outcome = sql.transaction(async (tx) => {
      await rewritePayload(tx, 25)
      await resealAll(tx)
      throw new Undo(await verifyTrail({ sql: tx, folder }))
    })
    const error = await outcome.catch((thrown: unknown) => thrown)
    assert.ok(error instanceof Undo)
    assert.equal(error.report.faults[0]?.kind, 'rewritten')
  })
})

test('a last line that a crash cut short is tolerated and said', async () => {
  const report = await withFolderCopy(async (folder, lines) => {
    await appendFile(join(folder, 'checkpoints.ndjson'), lines[3]?.slice(0, 100) ?? '')
    return verifyTrail({ sql: subject().sql, folder })
  })
  assert.equal(report.ok, true, report.summary)
  assert.match(report.warnings.join(), /cut short by a crash/)
})

test('the findings of several attacks are all named, the first one first', async () => {
  const report = await afterAttack(async (tx) => {
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
  assert.equal((await readState(subject().sql)).size, total)
})
