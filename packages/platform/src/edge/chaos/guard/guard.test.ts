// The guard outlives its owner for as long as it takes to make everything good: after kill -9 nothing stands still and nobody is strained.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const owner = fileURLToPath(new URL('../under-test/owner.ts', import.meta.url))
const isLinux = process.platform === 'linux'

// The letter of its state (proc(5)): T is stopped; undefined when there is no such process.
async function stateOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2)[0]
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let left = 300; !(await isSo()); left -= 1) {
    assert.ok(left > 0, 'it did not come in time')
    await pause(50)
  }
}

test('an owner that is killed leaves nothing frozen, nothing strained, and no folder', { skip: !isLinux }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-guard-'))
  const [journal, doomed] = [join(folder, 'journal'), join(folder, 'doomed')]
  await mkdir(doomed)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', owner, journal, doomed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [told] = (await once(child.stdout, 'data')) as [Buffer]
  const { guard, frozen } = JSON.parse(String(told)) as { readonly guard: number; readonly frozen: number }
  try {
    assert.equal(await stateOf(frozen), 'T')
    const strained = (await readFile(`/proc/${guard}/task/${guard}/children`, 'utf8')).trim().split(' ').map(Number)
    assert.equal(strained.length, 1)
    assert.equal((await readdir(journal)).length, 1)
    child.kill('SIGKILL')
    await until(async () => (await stateOf(frozen)) !== 'T')
    await until(async () => (await stateOf(strained[0] ?? 0)) === undefined && (await stateOf(guard)) === undefined)
    assert.deepEqual(await readdir(journal), [])
    assert.equal(existsSync(doomed), false)
  } finally {
    child.kill('SIGKILL')
    process.kill(frozen, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})
