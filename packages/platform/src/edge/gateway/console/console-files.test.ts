// What a page of the console may do is the same for all; only a worker's own file may compile WebAssembly.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const files = [
  'index.html',
  'assets/index-3DrvMBD7.js',
  'assets/keys.worker-3DrvMBD7.js',
  'assets/worker-3DrvMBD7.js',
  'assets/seal_throws-C-IzQ_Lp.wasm',
]

test('WebAssembly is compiled in workers alone, which may load from this origin and no more', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-console-files-'))
  await mkdir(join(folder, 'assets'))
  for (const file of files) await writeFile(join(folder, file), 'x')
  const own = await startOwnGateway({ extra: { consoleFolder: pathToFileURL(`${folder}/`) } })
  t.after(async () => {
    await own.close()
    await rm(folder, { recursive: true, force: true })
  })
  const policies = new Map<string, string>()
  for (const file of files) {
    const answer = await fetch(`${own.url}/app/${file}`)
    assert.equal(answer.status, 200, file)
    policies.set(file, answer.headers.get('content-security-policy') ?? '')
  }
  const compiling = [...policies].filter(([, policy]) => policy.includes('unsafe-eval'))
  assert.deepEqual(compiling, [
    ['assets/keys.worker-3DrvMBD7.js', "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"],
  ])
  for (const policy of policies.values()) assert.match(policy, /script-src 'self'/)
})
