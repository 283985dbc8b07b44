// The committed experiments: our own reader takes them, and so do Chaos Mesh's CRDs with unknown fields refused.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv, type AnySchema } from 'ajv'
import { parse, parseAllDocuments } from 'yaml'
import { readExperiments } from '../../packages/platform/src/edge/chaos/index.ts'

const folder = new URL('./', import.meta.url)
const definitions = new URL('../../../shared/data/schemas/chaos-mesh/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Record<string, unknown> } }[]
  }
}

// What our documents do not use, and what would take ten seconds to compile in the Workflow's definition.
const unused = /^(aws|azure|block|dns|gcp|http|io|jvm|kernel|physicalmachine|time)Chaos$|^schedule$|^task$/

// A CRD's schema says nothing of fields that it does not name; here they are refused, as the API server drops or refuses them.
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema)
    .filter(([key]) => !unused.test(key))
    .filter(([key, value]) => key !== 'exclusiveMinimum' || typeof value !== 'boolean') // OpenAPI 3.0's form
  const inner = Object.fromEntries(entries.map(([key, value]) => [key, closed(value)]))
  const isOpen = 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema
  return 'properties' in schema && !isOpen ? { ...inner, additionalProperties: false } : inner
}

function validators(): ReadonlyMap<string, ReturnType<Ajv['compile']>> {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
  const all = readdirSync(definitions).filter((file) =>
    /_(networkchaos|podchaos|stresschaos|workflows)\.yaml$/.test(file),
  )
  return new Map(
    all.map((file) => {
      const { spec } = parse(readFileSync(new URL(file, definitions), 'utf8')) as Definition
      const { properties = {}, ...schema } = (spec.versions[0]?.schema.openAPIV3Schema ?? {}) as {
        readonly properties?: Record<string, unknown>
      }
      const metadata = { type: 'object' } // Kubernetes' own, not the CRD's
      return [spec.names.kind, ajv.compile(closed({ ...schema, properties: { ...properties, metadata } }) as AnySchema)]
    }),
  )
}

test('there are ten experiments or more, and ours takes each with a title and a hypothesis', () => {
  const experiments = files.flatMap((file) => readExperiments(read(file), file))
  assert.ok(experiments.length >= 10)
  assert.equal(new Set(experiments.map(({ name }) => name)).size, experiments.length)
  for (const { title, name } of experiments) assert.notEqual(title, name)
})

test('Chaos Mesh’s own definitions take each document, unknown fields refused', (context) => {
  if (!existsSync(definitions)) return context.skip('the CRDs are not at hand (../shared/data/schemas/chaos-mesh)')
  const known = validators()
  for (const file of files) {
    for (const document of parseAllDocuments(read(file))) {
      const content = document.toJS() as { readonly kind: string }
      const validate = known.get(content.kind)
      assert.ok(validate?.(content) === true, `${file}: ${JSON.stringify(validate?.errors)}`)
    }
  }
  const wrong = parse(read(files[0] ?? '').replace('mode: one', 'mode: one\n  speed: 3')) as { readonly kind: string }
  assert.equal(known.get(wrong.kind)?.(wrong), false)
})
