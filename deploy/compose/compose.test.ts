// The compose file: valid by the schema of Compose, and in agreement with the product's services, settings and image.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DCLinter } from 'dclint'
import { listeningPorts } from '../../packages/platform/src/composition/ports.ts'
import { readSettings } from '../../packages/platform/src/kernel/config.ts'
import { services, settingsByOwner } from '../../packages/platform/src/services.ts'
import { acceptedSettings } from '../docker/accepted.ts'
import { imageEnvironment } from '../docker/image-environment.ts'
import { composed, composeFile, engines, exampleFile, isOurs, type Part, secrets } from './composed.ts'

// Nothing but what is needed, each engine alone, and all of them.
const choices: readonly (readonly string[])[] = [[], ...engines.map((name) => [name]), engines]
const oursWith = (names: readonly string[] = []): readonly (readonly [string, Part])[] =>
  Object.entries(composed(secrets, names).services).filter(([, part]) => isOurs(part))
const ours = oursWith()
const environmentOf = ({ environment = {} }: Part): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? '']))

// The linter's own types are not published whole.
interface LintAnswer {
  readonly messages: readonly { readonly line: number; readonly message: string }[]
}

// Shared keys stand first in a part, so that what differs stands together; quotes are those of the house.
function lint(path: string): readonly LintAnswer[] {
  const ports: [2, Record<string, unknown>] = [2, { quoteType: 'double' }]
  const linter = new DCLinter({
    rules: { 'service-keys-order': 0, 'require-quotes-in-ports': ports },
    quiet: true,
    debug: false,
    exclude: [],
  })
  return linter.lintFiles([path], false) as readonly LintAnswer[]
}

test('the schema of Compose and its linter find nothing', () => {
  const results = lint(composeFile)
  assert.equal(results.length, 1)
  assert.deepEqual(
    results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`)),
    [],
  )
})

test('a key that Compose does not know is refused', () => {
  const broken = fileURLToPath(new URL('./under-test/unknown-key.yaml', import.meta.url))
  const [result] = lint(broken)
  assert.match((result?.messages ?? []).map(({ message }) => message).join(), /must NOT have additional properties/)
})

test('every service of the product runs in exactly one part', () => {
  const named = ours.flatMap(([, part]) =>
    (environmentOf(part)['SERVICES'] ?? '').split(',').filter((name) => name !== ''),
  )
  assert.deepEqual(named.toSorted(), services.map(({ name }) => name).toSorted())
})

test('every variable is a setting that a start accepts, with each engine and without', async () => {
  const image = await imageEnvironment()
  const known = new Set(Object.values(settingsByOwner).flatMap((specs) => Object.values(specs).map(({ env }) => env)))
  for (const names of choices) {
    for (const [name, part] of oursWith(names)) {
      const own = environmentOf(part)
      const strange = Object.keys(own).filter((env) => !known.has(env as never))
      assert.deepEqual(strange, [], `${name} with ${names}`)
      await acceptedSettings({ ...image, ...own })
    }
  }
})

test('published ports are those of the settings, on loopback alone', async () => {
  const image = await imageEnvironment()
  for (const [name, part] of ours) {
    const settings = readSettings(settingsByOwner, { ...image, ...environmentOf(part) })
    const all = Object.values(settings).flatMap((values) => Object.values(values))
    for (const published of part.ports ?? []) {
      const [host, , port] = published.split(':')
      assert.equal(host, '127.0.0.1', name)
      assert.ok(all.includes(Number(port) as never), `${name}: ${port}`)
    }
  }
})

test('no two listeners of a part want the same port', async () => {
  const image = await imageEnvironment()
  const own = ['gateway', 'registry'] // they answer on ports of their own alone
  for (const [name, part] of ours) {
    const settings = readSettings(settingsByOwner, { ...image, ...environmentOf(part) })
    const { services: names, servicePort: first } = settings.process
    const open = listeningPorts({ specs: settingsByOwner, settings }).filter(({ owner }) => names.includes(owner))
    const rooms = names.filter((one) => !own.includes(one)).map((_room, at) => first + at)
    const all = [...open.map(({ port }) => port), ...rooms]
    assert.equal(new Set(all).size, all.length, `${name}: ${all}`)
  }
})

test('addresses of other parts are parts that run, and are waited for', () => {
  for (const names of choices) {
    const { services: parts } = composed(secrets, names)
    for (const [name, part] of Object.entries(parts)) {
      const hosts = Object.entries(environmentOf(part))
        .filter(([env]) => env !== 'PUBLIC_URL')
        .flatMap(([, value]) => /^\w+:\/\/(?:[^@]*@)?([\w-]+):\d+/.exec(value)?.[1] ?? [])
      for (const host of hosts) assert.ok(host in parts, `${name} → ${host} with ${names}`)
      for (const [other, { required = true }] of Object.entries(part.depends_on ?? {})) {
        assert.ok(other in parts || !required, `${name} waits for ${other} with ${names}`)
      }
    }
  }
})

test('our parts write to their volume and /tmp alone, and end in their own time', () => {
  const { volumes } = composed(secrets)
  for (const [name, part] of ours) {
    assert.equal(part.read_only, true, name)
    assert.ok(Number.parseInt(part.stop_grace_period ?? '0', 10) > 15, name)
    for (const volume of part.volumes ?? []) assert.ok((volume.split(':')[0] ?? '') in volumes, volume)
  }
})

test('example.env names every variable that the file takes, and no value of a secret', () => {
  const text = readFileSync(exampleFile, 'utf8')
  const named = [...text.matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)]
  const wanted = [...readFileSync(composeFile, 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name]) => name)
  assert.deepEqual(named.map(([, name]) => name).toSorted(), [...new Set(wanted)].toSorted())
  for (const [, name = '', value] of named) if (/PASSWORD|KEY|TOKEN/.test(name)) assert.equal(value, '', name)
})
