// Engines that may be left out: nothing starts them but their env file, which also tells our parts of them, as in a cluster.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { settingsByOwner } from '../../packages/platform/src/services.ts'
import { manifestsIn, pods, written } from '../kubernetes/committed.ts'
import { composed, engines, isOurs, secrets, variablesIn } from './composed.ts'

const folder = new URL('./', import.meta.url)
const namesWith = (names: readonly string[]): readonly string[] => Object.keys(composed(secrets, names).services).sort()
const plain = namesWith([])

// What our parts are told otherwise once an engine is there.
function told(names: readonly string[]): readonly string[] {
  const [before, after] = [composed(secrets), composed(secrets, names)].map(({ services }) => services)
  const differing = Object.entries(after ?? {}).flatMap(([name, { environment = {} }]) => {
    const earlier = before?.[name]?.environment
    return earlier === undefined ? [] : Object.keys(environment).filter((env) => environment[env] !== earlier[env])
  })
  return [...new Set(differing)].sort()
}

test('without an env file no engine but PostgreSQL starts, and none is named to our parts', () => {
  const { services } = composed(secrets)
  const others = Object.entries(services).filter(([, part]) => !isOurs(part))
  assert.deepEqual(
    others.map(([name]) => name),
    ['postgres'],
  )
  for (const part of Object.values(services).filter(isOurs)) {
    for (const env of ['BLOBS_S3_BUCKET', 'NEO4J_URL', 'TRITON_URL']) assert.equal(part.environment?.[env], '')
    assert.equal(part.environment?.['CONSUL_HTTP_ADDR'], 'http://edge:8500')
  }
})

test('an env file starts its engine alone, several start them all in any order', () => {
  const added = (names: readonly string[]): readonly string[] =>
    namesWith(names).filter((name) => !plain.includes(name))
  for (const name of engines) {
    assert.ok(added([name]).includes(name), name)
    assert.deepEqual(
      added([name]).filter((one) => one !== name && !one.startsWith(`${name}-`)),
      [],
    )
  }
  assert.deepEqual(added([...engines].reverse()), added(engines))
  assert.deepEqual(added(engines), engines.flatMap((name) => added([name])).sort())
})

test('an engine without its secret is refused, and asks for none while it is left out', () => {
  for (const [engine, secret] of [
    ['s3', 'S3_ACCESS_KEY'],
    ['s3', 'S3_SECRET_KEY'],
    ['neo4j', 'NEO4J_PASSWORD'],
  ] as const) {
    const without = { ...secrets, [secret]: '' }
    assert.throws(() => composed(without, [engine]), new RegExp(`set ${secret} in \\.env`))
    assert.doesNotThrow(() => composed(without))
  }
})

test('engines have a pinned image, a health check that is waited for, and no more rights than they need', () => {
  const { services } = composed(secrets, engines)
  for (const [name, part] of Object.entries(services)) {
    if (isOurs(part)) continue
    assert.match(part.image, /:(?!latest$)[\w.-]*\d[\w.-]*$/, name)
    assert.deepEqual(part.cap_drop, ['ALL'], name)
    assert.deepEqual(part.security_opt, ['no-new-privileges:true'], name)
    assert.equal(part.ports, undefined, `${name} is for our parts alone`)
    if (name !== 'postgres') assert.ok(part.read_only === true || part.user !== undefined, name)
    const ends = part.restart === 'no'
    assert.ok(ends || part.healthcheck !== undefined, name)
    const waited = Object.values(services).flatMap(({ depends_on = {} }) => depends_on[name] ?? [])
    assert.ok(waited.length > 0, `nobody waits for ${name}`)
    const condition = ends ? 'service_completed_successfully' : 'service_healthy'
    for (const one of waited) assert.equal(one.condition, condition, name)
  }
})

test('volumes are used, and engines keep what they hold in one', () => {
  const { services, volumes } = composed(secrets, engines)
  const mounted = Object.values(services).flatMap((part) => (part.volumes ?? []).map((one) => one.split(':')[0] ?? ''))
  assert.deepEqual(
    Object.keys(volumes).filter((name) => !mounted.includes(name)),
    [],
  )
  for (const name of ['s3', 'neo4j', 'consul', 'postgres']) {
    assert.ok(services[name]?.volumes?.[0]?.startsWith(`${name}:/`), name)
  }
})

test('Consul asks everybody for the token that our parts send', () => {
  const { services } = composed(secrets, ['consul'])
  const text = services['consul']?.environment?.['CONSUL_LOCAL_CONFIG'] ?? ''
  const { acl } = JSON.parse(text) as { readonly acl: Readonly<Record<string, unknown>> }
  const sent = services['edge']?.environment?.['CONSUL_HTTP_TOKEN']
  assert.deepEqual(acl, {
    ...{ enabled: true, default_policy: 'deny' },
    tokens: { agent: sent, initial_management: sent },
  })
})

test('a cluster is told of each engine by the same settings', () => {
  const settings = written.filter((path) => path.startsWith('kubernetes/')).flatMap(manifestsIn)
  const maps = settings.flatMap(({ kind, data = {} }) => (kind === 'ConfigMap' ? Object.keys(data) : []))
  const inPods = pods.flatMap(({ container }) => (container.env ?? []).map(({ name }) => name))
  for (const name of engines) {
    const missing = told([name]).filter((env) => !maps.includes(env) && !inPods.includes(env))
    assert.deepEqual(missing, [], name)
  }
})

test('an env file sets nothing but settings, the values of compose.yaml and its profile', () => {
  const known = new Set<string>(
    Object.values(settingsByOwner).flatMap((specs) => Object.values(specs).map(({ env }) => env)),
  )
  const own = ['COMPOSE_PROFILES', ...Object.keys(secrets)]
  for (const name of engines) {
    const set = Object.keys(variablesIn(fileURLToPath(new URL(`${name}.env`, folder)), secrets))
    assert.deepEqual(
      set.filter((env) => !known.has(env) && !own.includes(env)),
      [],
      name,
    )
  }
})

test('the README shows the command of each engine', () => {
  const readme = readFileSync(new URL('../README.md', folder), 'utf8')
  for (const name of ['', ...engines]) assert.ok(readme.includes(`--env-file deploy/compose/${name}.env`), name)
})
