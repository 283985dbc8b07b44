// The files of a backup: all of them, no other, none changed, whatever their names and links.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { checkList, copyFolders, copyListed, type KeptList, writeList } from './kept-files.ts'
import { modelPlaceOf } from './models-elsewhere.ts'

const folders = ['audit', 'keys', 'blobs', 'models']
const odd = 'models/own/a line\nand \\ more.txt'
const state: { folder: string; from: string; to: string; skipped: string[] } = {
  ...{ folder: '', from: '', to: '', skipped: [] },
}

before(async () => {
  state.folder = await mkdtemp(join(tmpdir(), 'xinglin kept '))
  state.from = join(state.folder, 'data')
  state.to = join(state.folder, 'backup')
  for (const path of ['audit', 'blobs/.unfinished', 'models/own/1', 'outside'])
    await mkdir(join(state.from, path), { recursive: true })
  await mkdir(state.to)
  const texts = { 'audit/key': 'k', 'blobs/.unfinished/x': 'half', 'blobs/a': '', 'models/own/1/model.onnx': 'graph' }
  for (const [path, text] of Object.entries({ ...texts, [odd]: 'odd', 'outside/secret': 's' }))
    await writeFile(join(state.from, path), text)
  await chmod(join(state.from, 'audit', 'key'), 0o600)
  await symlink('1', join(state.from, 'models/own/2'))
  for (const [name, target] of [
    ['up', '..'],
    ['out', '../outside/secret'],
    ['none', 'absent'],
  ] as const)
    await symlink(target, join(state.from, 'models', name))
})
after(() => rm(state.folder, { recursive: true, force: true }))

async function kept(): Promise<KeptList> {
  const onSkipped = (path: string): void => void state.skipped.push(path)
  const files = await copyFolders(state.from, state.to, folders, onSkipped)
  assert.deepEqual(
    files.map(({ path }) => path),
    ['audit/key', 'blobs/a', 'models/own/1/model.onnx', 'models/own/2/model.onnx', odd],
  )
  return writeList(state.to, files)
}

test('holds what is served, says which links lead away, and comes back as it was', async () => {
  const list = await kept()
  assert.deepEqual(state.skipped.toSorted(), ['models/none', 'models/out', 'models/up'])
  const back = join(state.folder, 'back')
  await copyListed(state.to, back, await checkList(state.to, list, folders))
  assert.equal(await readFile(join(back, 'models/own/2/model.onnx'), 'utf8'), 'graph')
  assert.equal(await readFile(join(back, odd), 'utf8'), 'odd')
  assert.equal((await stat(join(back, 'audit/key'))).mode & 0o777, 0o600)
})

test('sha256sum reads the list', async (t) => {
  await kept()
  const done = spawnSync('sha256sum', ['--check', '--strict', 'files.sha256'], { cwd: state.to, encoding: 'utf8' })
  if (done.error !== undefined) return t.skip('sha256sum is not here: apt-get install coreutils')
  assert.equal(done.status, 0, done.stderr)
})

test('refuses a changed and a missing file, and a list that was changed or leads out', async () => {
  const refused = (words: RegExp) => (error: unknown) => error instanceof AppError && words.test(error.message)
  const list = await kept()
  await writeFile(join(state.to, 'blobs/a'), 'x')
  await assert.rejects(checkList(state.to, list, folders), refused(/blobs\/a .*was changed/))
  await rm(join(state.to, 'blobs/a'))
  await assert.rejects(checkList(state.to, list, folders), refused(/blobs\/a .*is missing/))
  await writeFile(join(state.to, 'files.sha256'), '')
  await assert.rejects(checkList(state.to, list, folders), refused(/files\.sha256 .*was changed/))
  const outwards = await writeList(state.to, [{ path: 'audit/../../data/outside/secret', sha256: 'a'.repeat(64) }])
  await assert.rejects(checkList(state.to, outwards, folders), refused(/a line that cannot be read/))
  await writeFile(join(state.to, 'blobs/a'), '')
  const elsewhere = await writeList(state.to, [{ path: 'blobs/a', sha256: 'a'.repeat(64) }])
  await assert.rejects(checkList(state.to, elsewhere, ['audit', 'blob']), refused(/none of its folders/))
})

test('own models are in the data folder, or their place is named', () => {
  assert.deepEqual(modelPlaceOf(undefined, '/data'), { path: '/data/models', folder: 'models' })
  assert.deepEqual(modelPlaceOf('/data/ai/own', '/data'), { path: '/data/ai/own', folder: 'ai/own' })
  for (const path of ['/srv/models', '/data', '/data2/models', '/'])
    assert.equal(modelPlaceOf(path, '/data').folder, undefined, path)
})
