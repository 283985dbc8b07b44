// Nothing acknowledged is lost when PostgreSQL is killed under writers; the long form is in proofs/.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { openDatabase } from '../open.ts'

test('four writers lose no acknowledged row over three kills of the server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-durability-'))
  await chmod(folder, 0o755)
  const pids: number[] = []
  const database = await openDatabase({
    dataFolder: folder,
    poolSize: 4,
    log: silentLogger,
    onRestart: (pid) => pids.push(pid),
  })
  const { sql, embedded } = database
  await sql.query({ text: 'CREATE TABLE written (n int PRIMARY KEY)' })
  const acknowledged: number[] = []
  const state = { next: 0, isDone: false }
  const write = async (): Promise<void> => {
    while (!state.isDone) {
      const n = state.next++
      try {
        await sql.transaction((tx) => tx.query({ text: 'INSERT INTO written VALUES ($1)', values: [n] }))
        acknowledged.push(n)
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === 'unavailable', String(error))
        await delay(5)
      }
    }
  }
  const writers = Array.from({ length: 4 }, write)
  for (let kills = 1; kills <= 3; kills++) {
    await delay(150)
    embedded?.kill()
    while (pids.length < kills) await delay(10)
  }
  await delay(100)
  state.isDone = true
  await Promise.all(writers)
  const rows = await sql.query<{ n: number }>({ text: 'SELECT n FROM written' })
  const stored = new Set(rows.map(({ n }) => n))
  assert.ok(acknowledged.length > 50)
  assert.deepEqual(
    acknowledged.filter((n) => !stored.has(n)),
    [],
  )
  await database.close()
  await rm(folder, { recursive: true, force: true })
})
