// The article runs: every section on a system of its own, with the same table as `npm run article`.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePorts, startSystem } from '../../packages/platform/src/cli/system.ts'
import { walkArticle } from './run.ts'

test('every section of the article runs', { timeout: 600_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-article-'))
  const settings = { ...(await freePorts()), LOG_LEVEL: 'error', DEMO: 'true' }
  const system = await startSystem(folder, settings)
  t.after(async () => {
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const rows = await walkArticle(system.state, settings, { say: (line) => t.diagnostic(line) })
  assert.deepEqual(
    rows.filter(({ result }) => result === 'failed').map(({ section, title, seen }) => `${section} ${title}: ${seen}`),
    [],
  )
})
