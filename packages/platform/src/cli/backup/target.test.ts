// Where a backup goes: one at a time, and a full disk is told in words.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { writeKept } from './kept-files.ts'
import { claimFolder, inWords, leaveFolder } from './target.ts'

const folder = await mkdtemp(join(tmpdir(), 'xinglin-target-'))
after(() => rm(folder, { recursive: true, force: true }))

const isConflict = (error: unknown): boolean => error instanceof AppError && error.code === 'conflict'
async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(70_000)
}

test('of backups that begin at once in one folder, one is made', async () => {
  const target = join(folder, 'once')
  const ended = await Promise.allSettled(Array.from({ length: 8 }, () => claimFolder(target)))
  assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of ended) if (one.status === 'rejected') assert.ok(isConflict(one.reason))
  await leaveFolder(target)
  assert.deepEqual(await readdir(target), [])
  await writeFile(join(target, 'x'), '')
  await assert.rejects(claimFolder(target), isConflict)
})

const skip = existsSync('/dev/full') ? false : 'needs /dev/full, which Linux has'

test('a disk that is full, and a folder that is none, are told in words', { skip }, async () => {
  const stopped = await writeKept(bytes(), '/dev/full', 0o600).catch((error: unknown) => inWords(error, '/backup'))
  assert.ok(stopped instanceof AppError)
  assert.match(stopped.message, /\/backup stopped: no space is left/)
  await writeFile(join(folder, 'file'), '')
  const none = await claimFolder(join(folder, 'file')).catch((error: unknown) => inWords(error, '/backup'))
  assert.ok(none instanceof AppError)
  const other = new Error('of the database')
  assert.equal(inWords(other, '/backup'), other)
})
