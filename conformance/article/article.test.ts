// The article runs: every section on a system of its own, with the same table as `npm run article`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSystem } from '../../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../../packages/platform/src/testing/prepared-folder.ts'
import { onOwnSystem, walkArticle } from './run.ts'

test('every section of the article runs', { timeout: 600_000 }, async (t) => {
  const say = (line: string): void => t.diagnostic(line)
  const start: typeof startSystem = async (folder, settings) => {
    await prepareFolder(folder)
    return startSystem(folder, settings)
  }
  const rows = await onOwnSystem((system, settings) => walkArticle(system, settings, { say, isShort: true }), start)
  assert.deepEqual(
    rows.filter(({ result }) => result === 'failed').map(({ section, title, seen }) => `${section} ${title}: ${seen}`),
    [],
  )
})
