// A table of attacks on the folder outside the database, each found out by verification.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { databaseOnOwnServer, type TestDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { parseLine, signCheckpoint, toLine } from './checkpoints/checkpoint.ts'
import { audit } from './index.ts'
import { afterAttack, attackedTrail, resealAll, rewritePayload } from './under-test/attack.ts'
import type { TrailUnderTest } from './under-test/trail.ts'
import type { FaultKind } from './verify/report.ts'
import { verifyTrail } from './verify/verify.ts'

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
    const report = await afterAttack({ sql: subject().sql, folder }, async (tx) => {
      await rewritePayload(tx, 25)
      await resealAll(tx)
    })
    assert.equal(report.faults[0]?.kind, 'rewritten')
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
