// Every manifest below deploy/ against the closed schema of its kind: what a cluster would drop in silence is refused here.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { parseAllDocuments } from 'yaml'
import { definitions, kinds, type Schema } from './closed-schema.ts'
import { customKinds, definitionsOf } from './custom-kinds.ts'

interface Manifest {
  readonly file: string
  readonly apiVersion: string
  readonly kind: string
  readonly body: Readonly<Record<string, unknown>>
}

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false })
ajv.addSchema({ $id: 'kubernetes', $defs: definitions() })

function read(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(deploy, file), 'utf8'))
    .map((document) => document.toJS() as Record<string, unknown> | null)
    .flatMap((body) => (body === null ? [] : [body]))
    .filter((body) => typeof body['apiVersion'] === 'string' && typeof body['kind'] === 'string')
    .map((body) => ({ file, apiVersion: String(body['apiVersion']), kind: String(body['kind']), body }))
}

const files = globSync('**/*.{yaml,yml}', { cwd: deploy, exclude: (name) => name === 'node_modules' }).sort()
const manifests = files.flatMap(read)
const own = kinds()
const isOwn = ({ apiVersion, kind }: Manifest): boolean => own.has(`${apiVersion}/${kind}`)

function faultsOf({ file, kind, body }: Manifest, validate: ValidateFunction): readonly string[] {
  if (validate(body)) return []
  const name = (body['metadata'] as { readonly name?: string } | undefined)?.name
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${file} ${kind} ${name}${instancePath}: ${message} ${JSON.stringify(params)}`
  })
}

const compiled = new Map<string, ValidateFunction>()

function ownSchema({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): ValidateFunction {
  const type = own.get(`${apiVersion}/${kind}`) ?? ''
  const known = compiled.get(type)
  if (known !== undefined) return known
  const body = definitions()[type] as { readonly properties: Schema }
  const text = JSON.stringify(body.properties).replaceAll('#/$defs/', 'kubernetes#/$defs/')
  const properties = { ...JSON.parse(text), apiVersion: { const: apiVersion }, kind: { const: kind } }
  const validate = ajv.compile({ type: 'object', additionalProperties: false, properties, required: ['metadata'] })
  compiled.set(type, validate)
  return validate
}

test('the manifests are there', () => {
  assert.ok(manifests.filter(isOwn).length > 50, `${manifests.length} manifests`)
})

test('Kubernetes knows every field of every manifest', () => {
  assert.deepEqual(
    manifests.filter(isOwn).flatMap((manifest) => faultsOf(manifest, ownSchema(manifest))),
    [],
  )
})

test('a field that Kubernetes does not know is refused, at any depth', () => {
  const found = manifests.find(({ kind }) => kind === 'Deployment')
  assert.ok(found)
  const change = (
    edit: (body: { spec: { template: { spec: Record<string, unknown> } } }) => void,
  ): readonly string[] => {
    const body = structuredClone(found.body) as Parameters<typeof edit>[0]
    edit(body)
    return faultsOf({ ...found, body: body as unknown as Manifest['body'] }, ownSchema(found))
  }
  const pod = (values: Record<string, unknown>) => change(({ spec }) => void Object.assign(spec.template.spec, values))
  assert.match(pod({ terminationGraceSeconds: 3 }).join(), /additionalProperty":"terminationGraceSeconds"/)
  assert.match(pod({ terminationGracePeriodSeconds: '3' }).join(), /must be number/)
  assert.match(pod({ containers: [{ image: 'x' }] }).join(), /must have required property 'name'/)
  assert.match(pod({ dnsPolicy: { to: 'x' } }).join(), /must be string/)
})

for (const group of [
  ...new Set(manifests.filter((one) => !isOwn(one)).map(({ apiVersion }) => apiVersion.split('/')[0] ?? '')),
]) {
  const { folder, hint } = definitionsOf(group)
  test(`the definitions of ${group} know every field`, { skip: folder === undefined ? hint : false }, () => {
    const known = customKinds(folder ?? '')
    const own = new Map<string, ValidateFunction>()
    const schemaOf = (name: string): ValidateFunction => {
      const found = own.get(name) ?? ajv.compile(known.get(name) ?? { not: {} })
      own.set(name, found)
      return found
    }
    const there = manifests.filter((one) => one.apiVersion.split('/')[0] === group)
    const nameOf = ({ apiVersion, kind }: Manifest): string => `${apiVersion}/${kind}`
    assert.deepEqual(
      [...new Set(there.map(nameOf))].filter((name) => !known.has(name)),
      [],
      'kinds that are not defined',
    )
    assert.deepEqual(
      there.flatMap((manifest) => faultsOf(manifest, schemaOf(nameOf(manifest)))),
      [],
    )
    for (const { body, ...manifest } of there.slice(0, 1)) {
      const spec = { ...(body['spec'] as Record<string, unknown>), surprise: 1 }
      assert.notDeepEqual(
        faultsOf({ ...manifest, body: { ...body, spec } }, schemaOf(nameOf({ ...manifest, body }))),
        [],
      )
    }
  })
}

const strict = fileURLToPath(new URL('./strict/', import.meta.url))

function goAnswer(): string | undefined {
  const paths = files.filter((file) => read(file).length > 0).map((file) => join(deploy, file))
  try {
    return execFileSync('go', ['run', '.', ...paths], { cwd: strict, encoding: 'utf8', timeout: 300_000 })
  } catch (error) {
    const { stdout, code } = error as { readonly stdout?: string; readonly code?: string }
    return code === 'ENOENT' || stdout === undefined || stdout === '' ? undefined : stdout
  }
}

// Building Kubernetes' own decoder takes a minute where it was not built before.
const wantsGo = process.env['XINGLIN_GO_CHECKS'] === 'true'
test("Kubernetes' own decoder, strict, takes every manifest", {
  skip: wantsGo ? false : 'set XINGLIN_GO_CHECKS=true (needs Go)',
}, () => {
  const answer = goAnswer()
  assert.match(answer ?? 'Go or its modules are not here', /\d+ decoded, 0 faults/)
})
