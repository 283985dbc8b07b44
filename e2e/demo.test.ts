// The demo as a newcomer runs it, here on a PostgreSQL that was given: every scene succeeds, and what it kills is its own.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { withDatabase } from '../packages/platform/src/cli/local.ts'
import { freePorts } from '../packages/platform/src/cli/system.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../packages/platform/src/engines/postgres/index.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'
import { xinglin } from './xinglin.ts'

interface Told {
  readonly ok: boolean
  readonly scenes: readonly { readonly chapter: string; readonly title: string; readonly ok: boolean }[]
}

let folder: string
let given: EmbeddedPostgres

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin demo '))
  await chmod(folder, 0o711)
  given = await startEmbeddedPostgres({ dataFolder: join(folder, 'given'), log: silentLogger })
})

after(async () => {
  await given.stop()
  await rm(folder, { recursive: true, force: true })
})

test('all chapters succeed, and the given database holds only what the story put there', async () => {
  const settings = {
    ...(await freePorts()),
    LOG_LEVEL: 'error',
    XINGLIN_DATA: join(folder, 'data'),
    DATABASE_URL: given.url,
  }
  const { code, out, err } = await xinglin(['demo', '--patients', '3', '--json'], settings)
  assert.equal(code, 0, err)
  const told = JSON.parse(out) as Told
  assert.equal(told.ok, true)
  assert.deepEqual(
    told.scenes.filter(({ ok }) => !ok),
    [],
  )
  const chapters = [...new Set(told.scenes.map(({ chapter }) => chapter.split('.')[0]))]
  assert.deepEqual(
    chapters,
    Array.from({ length: Math.max(12, chapters.length) }, (_, at) => String(at + 1)),
  )

  // The import that loses its plugs goes into a system of its own; its people must not be here, nor its checkpoints.
  const seeds = await withDatabase(given.url, (sql) =>
    sql.query<{ seed: string }>({
      text: "SELECT DISTINCT split_part(id, '-', 2) AS seed FROM records.resource WHERE id LIKE 'cohort-%' ORDER BY 1",
    }),
  )
  assert.deepEqual(
    seeds.map(({ seed }) => seed),
    ['7'],
  )
  const verified = await xinglin(['audit', 'verify'], settings)
  assert.equal(verified.code, 0, verified.out)
})

test('a system without demo logins is left alone: real records may lie there', async () => {
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: join(folder, 'real'), DEMO: 'false' }
  const { code, out } = await xinglin(['demo'], settings)
  assert.equal(code, 1)
  assert.match(out, /demo logins off.*DEMO=true/)
  assert.doesNotMatch(out, /front desk/)
})
