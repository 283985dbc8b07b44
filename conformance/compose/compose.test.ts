// The compose file read by Docker Compose's own loader, with each engine and without: valid, and what our own reading of it says.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { composed, composeFile, engines, type Part, secrets } from '../../deploy/compose/composed.ts'

const run = promisify(execFile)
const loader = fileURLToPath(new URL('./loader/', import.meta.url))
const engineFile = (name: string): string => fileURLToPath(new URL(`../../deploy/compose/${name}.env`, import.meta.url))
const skip = process.env['XINGLIN_GO_CHECKS'] === 'true' ? false : 'set XINGLIN_GO_CHECKS=true (needs Go)'
const state = { folder: '', program: '' }

before(async () => {
  if (skip !== false) return
  state.folder = await mkdtemp(join(tmpdir(), 'xinglin-compose-'))
  state.program = join(state.folder, 'loader')
  await run('go', ['build', '-o', state.program, '.'], { cwd: loader, timeout: 300_000 })
})
after(async () => {
  if (state.folder !== '') await rm(state.folder, { recursive: true, force: true })
})

async function load(values: Readonly<Record<string, string>>, names: readonly string[]): Promise<readonly unknown[]> {
  const env = join(state.folder, '.env')
  await writeFile(
    env,
    Object.entries(values)
      .map((pair) => pair.join('='))
      .join('\n'),
  )
  const { stdout } = await run(state.program, [composeFile, env, ...names.map(engineFile)], { env: {} })
  const { services } = JSON.parse(stdout) as { readonly services: Readonly<Record<string, Part>> }
  return Object.entries(services)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, { image, environment, command, profiles, depends_on }]) => {
      return { name, image, environment, command, profiles, depends_on }
    })
}

function own(names: readonly string[]): readonly unknown[] {
  const parts = Object.entries(composed(secrets, names).services).sort(([one], [other]) => one.localeCompare(other))
  return parts.map(([name, { image, environment, command = null, profiles, depends_on }]) => {
    const waits = Object.entries(depends_on ?? {}).map(([other, { condition, required = true }]) => {
      return [other, { condition, required }]
    })
    const depends = depends_on === undefined ? undefined : Object.fromEntries(waits)
    return { name, image, environment, command, profiles, depends_on: depends }
  })
}

// Undefined keys and their absence are the same here.
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('Compose reads the file as our tests do, with each engine, all of them and none', { skip }, async () => {
  for (const names of [[], ...engines.map((name) => [name]), engines]) {
    assert.deepEqual(plain(await load(secrets, names)), plain(own(names)), `with ${names}`)
  }
})

test('Compose says which secret of an engine is missing', { skip }, async () => {
  const without = { ...secrets, NEO4J_PASSWORD: '' }
  await assert.rejects(load(without, ['neo4j']), /set NEO4J_PASSWORD in \.env/)
  await load(without, [])
})
