// The files for other gateways: as written from the services, valid against their formats, the same ways as our own table.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv, type AnySchemaObject } from 'ajv'
import { parse, parseAllDocuments } from 'yaml'
import { gatewayFixture } from '../../conformance/gateway/gateway-fixture.ts'
import { productRouteFile } from '../../packages/platform/src/cli/gateway/export.ts'
import { routeFiles } from '../../packages/platform/src/edge/gateway/index.ts'
import { services } from '../../packages/platform/src/services.ts'
import { routeFilesByPath } from './write.ts'

const kongSchema = fileURLToPath(new URL('../../../shared/data/schemas/kong/kong_json_schema.json', import.meta.url))
const given = { backend: { host: 'gateway', port: 80 }, class: 'istio' }
const committed = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

interface KongFile {
  readonly services: readonly {
    readonly name: string
    readonly routes?: readonly { readonly paths?: readonly string[] }[]
  }[]
}

function kongFaults(file: unknown): unknown {
  const { $schema: _draft4, ...schema } = JSON.parse(readFileSync(kongSchema, 'utf8')) as AnySchemaObject
  const text = JSON.stringify(schema).replaceAll(/"\$schema":"[^"]*",?/g, '')
  const check = new Ajv({ strict: false, allErrors: true }).compile(JSON.parse(text))
  return check(file) ? [] : check.errors
}

test('the committed files are those of the services', () => {
  for (const [path, text] of Object.entries(routeFilesByPath))
    assert.equal(committed(path), text(), `run: node deploy/kong/write.ts`)
})

test('Kong’s file has every address of every service once, longest first', () => {
  const { services: written } = parse(committed('kong/kong.yaml')) as KongFile
  const paths = written.flatMap(({ name, routes }) =>
    (routes ?? []).flatMap((route) => (route.paths ?? []).map((path) => `${name} ${path}`)),
  )
  assert.equal(new Set(paths).size, paths.length)
  const wanted = services.flatMap(({ name, paths: own }) => own.map((path) => `xinglin-${name} ${path}`))
  assert.deepEqual(paths.filter((path) => !path.startsWith('xinglin-gateway ')).toSorted(), wanted.toSorted())
})

const noSchema = existsSync(kongSchema) ? false : 'needs ../shared/data/schemas/kong/kong_json_schema.json'

test('Kong’s own schema takes the file, and would refuse an unknown field', { skip: noSchema }, () => {
  const file = parse(committed('kong/kong.yaml')) as object
  assert.deepEqual(kongFaults(file), [])
  assert.notDeepEqual(kongFaults({ ...file, colour: 'red' }), [])
})

// Kubernetes' own definitions come with the Go module; nothing of it is in the project.
function crdFolder(): string | undefined {
  try {
    const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim()
    const folder = join(cache, 'sigs.k8s.io/gateway-api@v1.2.1/config/crd/standard')
    return existsSync(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

type Schema = Record<string, unknown>

// As the API server prunes: what a schema does not name is not there.
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const { 'x-kubernetes-validations': _rules, format: _format, ...rest } = kept as Schema
  return rest.type === 'object' && rest.properties !== undefined && rest.additionalProperties === undefined
    ? { ...rest, additionalProperties: false }
    : rest
}

function resourceChecks(folder: string): ReadonlyMap<string, (resource: unknown) => unknown> {
  const ajv = new Ajv({ strict: false, allErrors: true })
  return new Map(
    readdirSync(folder)
      .filter((name) => name.startsWith('gateway.networking'))
      .map((name) => {
        const { spec } = parse(readFileSync(join(folder, name), 'utf8')) as {
          spec: { names: { kind: string }; versions: { name: string; schema: { openAPIV3Schema: Schema } }[] }
        }
        const version = spec.versions.find((one) => one.name === 'v1') ?? spec.versions[0]
        const { metadata: _any, ...properties } = closed(version?.schema.openAPIV3Schema.properties) as Schema
        const check = ajv.compile({
          type: 'object',
          properties: { ...properties, metadata: { type: 'object' } },
          additionalProperties: false,
        })
        return [spec.names.kind, (resource: unknown) => (check(resource) ? [] : check.errors)]
      }),
  )
}

const crds = crdFolder()
const noCrds = crds === undefined ? 'needs: go mod download sigs.k8s.io/gateway-api@v1.2.1' : false

test('Kubernetes’ definitions take every resource, and would refuse an unknown field', { skip: noCrds }, () => {
  const checks = resourceChecks(crds ?? '')
  for (const document of parseAllDocuments(committed('gateway-api/xinglin.yaml'))) {
    const resource = document.toJS() as { kind: string; spec: object }
    assert.deepEqual(checks.get(resource.kind)?.(resource), [], JSON.stringify(resource).slice(0, 200))
    assert.notDeepEqual(checks.get(resource.kind)?.({ ...resource, spec: { ...resource.spec, colour: 1 } }), [])
  }
})

describe('what is defined at the admin port', () => {
  const held: { state: typeof routeFiles.nothing } = { state: routeFiles.nothing }
  before(async () => {
    const { admin, own, close } = await gatewayFixture()
    for (const [path, form] of [
      ['/upstreams', 'name=lab.up&healthchecks.active.healthy.interval=5'],
      ['/upstreams/lab.up/targets', 'target=lab-v1:8000&weight=90'],
      ['/upstreams/lab.up/targets', 'target=lab-v2:8000&weight=10'],
      ['/services', 'name=lab&host=lab.up'],
      ['/services/lab/routes', 'name=lab&paths[]=/lab&hosts[]=lab.example.org'],
      ['/services/lab/plugins', 'name=jwt'],
      ['/services', 'name=far&url=http://10.1.2.3:80'],
      ['/services/far/routes', 'name=far&paths[]=/far'],
      ['/consumers', 'username=front-end'],
      ['/consumers/front-end/jwt', 'key=front&secret=top-secret-value'],
      ['/consumers/front-end/acls', 'group=radiology'],
      ['/plugins', 'name=rate-limiting&config.minute=600'],
    ] as const)
      assert.equal((await admin('POST', path, form)).status, 201, path)
    held.state = await routeFiles.load(own.sql)
    await close()
  })

  test('is in Kong’s file, without a secret', { skip: noSchema }, () => {
    const text = productRouteFile({ ...given, format: 'kong' }, held.state)
    const file = parse(text) as KongFile & {
      consumers: readonly Record<string, unknown>[]
      upstreams: readonly { name: string; targets: unknown[] }[]
    }
    assert.deepEqual(kongFaults(file), [])
    assert.ok(!text.includes('top-secret-value') && !text.includes('xinglin-demo'))
    assert.match(text, /\{vault:\/\/env\/kong-jwt-front-end-front\}/)
    const lab = file.services.find(({ name }) => name === 'lab')
    assert.deepEqual(lab?.routes?.[0]?.paths, ['/lab'])
    assert.equal(file.upstreams.find(({ name }) => name === 'lab.up')?.targets.length, 2)
  })

  test('is among the resources with its weights, where its hosts are Services', () => {
    const resources = parseAllDocuments(productRouteFile({ ...given, format: 'gateway-api' }, held.state)).map(
      (document) => document.toJS() as { metadata: { name: string }; spec: Schema },
    )
    const lab = resources.find(({ metadata }) => metadata.name === 'defined-lab')
    assert.deepEqual(lab?.spec.hostnames, ['lab.example.org'])
    const [rule] = (lab?.spec.rules ?? []) as { backendRefs: unknown }[]
    assert.deepEqual(rule?.backendRefs, [
      { name: 'lab-v1', port: 8000, weight: 90 },
      { name: 'lab-v2', port: 8000, weight: 10 },
    ])
    assert.deepEqual(routeFiles.leftOut(held.state), ['far'])
    const checks = crds === undefined ? undefined : resourceChecks(crds)
    assert.deepEqual(checks?.get('HTTPRoute')?.(lab) ?? [], [])
  })
})
