// Migrations: each runs once, also when many start at once; a changed or unknown history is refused; all or nothing.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import { type TestDatabase, testDatabase } from '../testing/database.ts'
import { migrate } from './migrations.ts'
import { kernelSql } from './outbox.ts'

let db: TestDatabase
let folder: string
before(async () => {
  db = await testDatabase()
  folder = await mkdtemp(join(tmpdir(), 'xinglin-migrations-'))
})
after(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

const owned = () => ({ schema: 'sample', folder: pathToFileURL(folder) })
const isConflict = (pattern: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === 'conflict' && pattern.test(error.message)

test('runs each file once, in order, also when several start at once', async () => {
  await writeFile(
    join(folder, '0001_first.sql'),
    'CREATE TABLE sample.thing (id int);\nINSERT INTO sample.thing VALUES (1);',
  )
  await writeFile(join(folder, '0002_second.sql'), 'ALTER TABLE sample.thing ADD COLUMN note text;')
  const counts = await Promise.all([
    migrate(db.sql, [owned()]),
    migrate(db.sql, [owned()]),
    migrate(db.sql, [owned(), kernelSql]),
  ])
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    2 + readdirSync(kernelSql.folder).length,
  )
  assert.deepEqual(await db.sql.query({ text: 'SELECT * FROM sample.thing' }), [{ id: 1, note: null }])
  assert.equal(await migrate(db.sql, [owned(), kernelSql]), 0)
})

test('refuses a file that was changed after it ran, but not other line ends', async () => {
  await writeFile(join(folder, '0002_second.sql'), 'ALTER TABLE sample.thing ADD COLUMN other text;')
  await assert.rejects(migrate(db.sql, [owned()]), isConflict(/sample\/0002_second\.sql/))
  await writeFile(join(folder, '0002_second.sql'), 'ALTER TABLE sample.thing ADD COLUMN note text;')
  await writeFile(
    join(folder, '0001_first.sql'),
    'CREATE TABLE sample.thing (id int);\r\nINSERT INTO sample.thing VALUES (1);',
  )
  assert.equal(await migrate(db.sql, [owned()]), 0)
})

test('does nothing at all when one file fails', async () => {
  await writeFile(join(folder, '0003_good.sql'), 'CREATE TABLE sample.half (id int);')
  await writeFile(join(folder, '0004_bad.sql'), 'CREATE TABLE sample.broken (id nothing);')
  await assert.rejects(migrate(db.sql, [owned()]))
  assert.deepEqual(await db.sql.query({ text: "SELECT to_regclass('sample.half') AS made" }), [{ made: null }])
  await rm(join(folder, '0003_good.sql'))
  await rm(join(folder, '0004_bad.sql'))
})

test('refuses a database that a newer version brought further', async () => {
  await rm(join(folder, '0002_second.sql'))
  await assert.rejects(migrate(db.sql, [owned()]), isConflict(/newer/))
})
