// However many want a folder at once, one has it; a dead holder is followed by one alone.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FolderHeld, takeLock } from './lock.ts'

const contenders = 12

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-lock-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function contend(folder: string): Promise<readonly (() => Promise<void>)[]> {
  const all = await Promise.allSettled(Array.from({ length: contenders }, () => takeLock(folder)))
  return all.flatMap((one) => {
    if (one.status === 'fulfilled') return [one.value]
    assert.ok(one.reason instanceof FolderHeld, String(one.reason))
    assert.equal(one.reason.holder.pid, process.pid)
    return []
  })
}

test('of many at once one takes a new folder, and each next one after it was given back', async (context) => {
  const folder = await folderOf(context)
  for (let round = 0; round < 20; round += 1) {
    const [giveBack, ...others] = await contend(folder)
    assert.equal(others.length, 0, `${others.length} more in round ${round}`)
    await assert.rejects(takeLock(folder), FolderHeld)
    await giveBack?.()
  }
  assert.equal((await readdir(folder)).length, 1)
})

test('of many at once one takes over what a dead process left, whole or cut off', async (context) => {
  for (let round = 0; round < 20; round += 1) {
    const folder = await folderOf(context)
    const left = round % 2 === 0 ? JSON.stringify({ pid: process.ppid, startedAt: '1' }) : ''
    await writeFile(join(folder, round % 4 < 2 ? 'lock.json' : 'lock-7.json'), left)
    const taken = await contend(folder)
    assert.equal(taken.length, 1, `${taken.length} in round ${round}`)
    await assert.rejects(takeLock(folder), FolderHeld)
  }
})
