// A copy of the prepared database is its own: another password, no port and no lock of where it came from.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectPostgres, startEmbeddedPostgres } from '../engines/postgres/index.ts'
import { processEnvironment } from '../kernel/config.ts'
import { preparedFolderVariable, prepareFolder } from './prepared-folder.ts'
import { silentLogger } from './silent-logger.ts'

const prepared = processEnvironment()[preparedFolderVariable]
const skip = prepared === undefined && 'only in a run of all tests is a folder prepared'

test('a copy of the prepared database opens with its own password alone', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-copy-'))
  const started: { stop?: () => Promise<void> } = {}
  t.after(async () => {
    await started.stop?.()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  await prepareFolder(folder)
  const home = join(folder, 'postgres')
  assert.deepEqual((await readdir(home)).toSorted(), ['cluster', 'password', 'place.json'])
  const passwordIn = (path: string) => readFile(join(path, 'password'), 'utf8')
  const [old, own] = await Promise.all([passwordIn(join(prepared ?? '', 'postgres')), passwordIn(home)])
  assert.notEqual(old, own)
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: silentLogger })
  started.stop = server.stop
  const open = (url: string) => connectPostgres({ url, poolSize: 1, log: silentLogger })
  const [inside, outside] = [open(server.url), open(server.url.replace(own, old))]
  const [row] = await inside.query<{ count: number }>({ text: 'SELECT count(*)::int AS count FROM kernel.migration' })
  assert.ok((row?.count ?? 0) > 10)
  await assert.rejects(outside.query({ text: 'SELECT 1' }))
  await Promise.all([inside.close(), outside.close()])
})
