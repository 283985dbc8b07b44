// The bundle: every program of its own is found and runs, and our files are looked for where an image has them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { root, writePrograms } from './bundle.ts'
import { bundleFolder, bundleName, programsStartedBy, withOwnPlace } from './own-places.ts'

const run = promisify(execFile)
const state: { folder: string; programs: readonly string[] } = { folder: '', programs: [] }

before(async () => {
  state.folder = await mkdtemp(join(tmpdir(), 'xinglin-bundle-'))
  state.programs = (await writePrograms(state.folder)).programs
  await symlink(join(root, 'node_modules'), join(state.folder, 'node_modules'))
})
after(() => rm(state.folder, { recursive: true, force: true }))

test('a file beside a module is looked for at the place of the module', () => {
  const path = 'packages/platform/src/edge/audit/index.ts'
  const text = withOwnPlace(path, "const folder = new URL('./sql/', import.meta.url)")
  const inner = "new URL('../src/edge/audit/index.ts', import.meta.url).href"
  assert.equal(text, `const folder = new URL('./sql/', ${inner})`)
})

test('a program of its own is told by the address of its bundle', () => {
  const path = 'packages/platform/src/engines/seal/lane.ts'
  const text = withOwnPlace(path, "const program = new URL('./seal-process.ts', import.meta.url)")
  assert.equal(text, "const program = new URL('./engines-seal-seal-process.js', import.meta.url)")
})

test('every program that the product starts has a bundle', async () => {
  const known = ['cli/main', 'engines/seal/seal-process', 'engines/onnxruntime/child', 'engines/dicom-codecs/child']
  for (const name of [...known, 'records/prepare.worker']) {
    assert.ok(state.programs.includes(`packages/platform/src/${name}.ts`), name)
  }
  const written = await readdir(join(state.folder, bundleFolder))
  for (const program of state.programs) assert.ok(written.includes(`${bundleName(program)}.js`), program)
})

test('no bundle names a program of a clone', async () => {
  const written = await readdir(join(state.folder, bundleFolder))
  for (const name of written.filter((one) => one.endsWith('.js'))) {
    const text = await readFile(join(state.folder, bundleFolder, name), 'utf8')
    assert.deepEqual(programsStartedBy(name, text), [], name)
  }
})

test('the bundled command line answers, and says what needs a clone', async () => {
  const program = join(state.folder, bundleFolder, 'cli-main.js')
  const { stdout } = await run(process.execPath, [program, '--version'])
  const { version } = JSON.parse(await readFile(join(root, 'packages/platform/package.json'), 'utf8'))
  assert.equal(stdout.trim(), version)
  const refused = await run(process.execPath, [program, 'article']).catch((error: unknown) => error)
  assert.match(String((refused as { readonly stderr: string }).stderr), /needs a clone of the project/)
})
