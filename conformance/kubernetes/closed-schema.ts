// Closed JSON schemas of Kubernetes' own kinds: every field is named, any other one is refused. Read out of the types that cdk8s-plus
// carries (generated from the OpenAPI document of Kubernetes 1.34), whose comments name each field as it is written in a manifest.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { k8s } from 'cdk8s-plus-34'

/** A JSON schema. */
export type Schema = Readonly<Record<string, unknown>>

const home = dirname(createRequire(import.meta.url).resolve('cdk8s-plus-34/package.json'))
const types = readFileSync(join(home, 'lib/imports/k8s.d.ts'), 'utf8')
const members = /@schema [\w.-]+#([\w$-]+)\s*\n(?:[^/]*\n)?\s*\*\/\s*\n\s*readonly \w+(\?)?: (\{[^}]*\}|[^;]+);/g
// Quantities and ports are text or number.
const plain: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  any: {},
  Date: { type: 'string' },
  IntOrString: { type: ['integer', 'string'] },
  Quantity: { type: ['number', 'string'] },
}

function bodies(): ReadonlyMap<string, string> {
  const found = [...types.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)]
  return new Map(found.map(([, name = '', body = '']) => [name, body]))
}

function enums(): ReadonlyMap<string, readonly string[]> {
  const found = [...types.matchAll(/^export declare enum (\w+) \{\n([\s\S]*?)^\}/gm)]
  return new Map(
    found.map(([, name = '', body = '']) => [name, [...body.matchAll(/= "([^"]*)"/g)].map(([, value = '']) => value)]),
  )
}

function schemaOfType(type: string): Schema {
  const list = /^(.+)\[\]$/.exec(type)
  if (list !== null) return { type: 'array', items: schemaOfType(list[1] ?? '') }
  const map = /^\{\s*\[key: string\]: ([^;]+);?\s*\}$/.exec(type)
  if (map !== null) return { type: 'object', additionalProperties: schemaOfType((map[1] ?? '').trim()) }
  return plain[type] ?? { $ref: `#/$defs/${type}` }
}

function schemaOfBody(body: string): Schema {
  const fields = [...body.matchAll(members)]
  if (fields.length !== [...body.matchAll(/^ {4}readonly /gm)].length) throw new Error(`A field was not read:\n${body}`)
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(fields.map(([, name = '', , type = '']) => [name, schemaOfType(type.trim())])),
    required: fields.flatMap(([, name = '', optional]) => (optional === undefined ? [name] : [])),
  }
}

/** Definitions of all types, for `$defs`. */
export function definitions(): Readonly<Record<string, Schema>> {
  const closed = [...bodies()].map(([name, body]): [string, Schema] => [name, schemaOfBody(body)])
  const named = [...enums()].map(([name, values]): [string, Schema] => [name, { enum: values }])
  return Object.fromEntries([...closed, ...named])
}

interface Kind {
  readonly GVK: { readonly apiVersion: string; readonly kind: string }
}

const isKind = (value: unknown): value is Kind => typeof value === 'function' && 'GVK' in value

/** The name of the type of each kind, by `apiVersion/kind`. */
export function kinds(): ReadonlyMap<string, string> {
  const found = Object.entries(k8s).flatMap(([name, value]): readonly [string, string][] => {
    if (!isKind(value)) return []
    const { apiVersion, kind } = value.GVK
    return [[`${apiVersion}/${kind}`, `${name}Props`]]
  })
  return new Map(found)
}
