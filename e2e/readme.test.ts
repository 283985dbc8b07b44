// The requests of the README, run as they are printed, against a system on other ports.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const program = join(root, 'packages/platform/src/cli/main.ts')
const hasCurl = spawnSync('sh', ['-c', 'curl --version']).status === 0

let folder: string
let settings: Readonly<Record<string, string>>
let system: StartedSystem

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-readme-'))
  await prepareFolder(folder)
  settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: folder }
  system = await startSystem(folder, settings)
})

after(async () => {
  await system.stop()
  await rm(folder, { recursive: true, force: true })
})

const skip = hasCurl ? false : 'curl is not here: install it to run the requests of the README'

for (const file of ['README.md', 'README.zh-CN.md']) {
  test(`the requests of ${file} are answered as it says`, { skip }, async () => {
    const text = await readFile(join(root, file), 'utf8')
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
    const requests = blocks.filter((block) => block.includes('curl '))
    assert.equal(requests.length, 2)
    const answers = requests.map((block) => {
      const script = block
        .replaceAll('npx xinglin', `"${process.execPath}" --disable-warning=ExperimentalWarning "${program}"`)
        .replaceAll('http://127.0.0.1:8080', system.state.gatewayUrl)
        .replaceAll('curl ', 'curl --silent --show-error --fail-with-body ')
      const done = spawnSync('sh', ['-ec', script], { encoding: 'utf8', env: { ...process.env, ...settings } })
      assert.equal(done.status, 0, done.stdout + done.stderr)
      return JSON.parse(done.stdout) as Record<string, unknown>
    })
    assert.equal(answers[0]?.resourceType, 'Bundle')
    assert.match(String(answers[1]?.id), /^[0-9a-f-]{36}$/)
  })
}
