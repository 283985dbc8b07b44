// Closed JSON schemas of kinds that are added to Kubernetes: from the definitions that their makers publish as Go modules, and from
// beside the project. A definition that is not at hand is told, never guessed.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { Schema } from './closed-schema.ts'

/** Where definitions of one maker are, or how to get them. */
export interface Definitions {
  readonly folder: string | undefined
  readonly hint: string
}

// Versions are named: a newer definition may know more fields than clusters in use.
const modules = [
  { group: /\.istio\.io$/, module: 'istio.io/api@v1.32.0', below: 'kubernetes' },
  { group: /^gateway\.networking\.k8s\.io$/, module: 'sigs.k8s.io/gateway-api@v1.5.1', below: 'config/crd/standard' },
] as const
const chaosMesh = fileURLToPath(new URL('../../../shared/data/schemas/chaos-mesh/', import.meta.url))
const limitMs = 60_000

function downloaded(module: string): string | undefined {
  try {
    const told = execFileSync('go', ['mod', 'download', '-json', module], {
      ...{ encoding: 'utf8', timeout: limitMs, stdio: ['ignore', 'pipe', 'ignore'] },
      env: { ...process.env, GOPROXY: 'off' }, // what is at hand: no test waits for a network
    })
    return (JSON.parse(told) as { readonly Dir: string }).Dir
  } catch {
    return undefined // no Go here, or not this module
  }
}

/** The definitions of an API group. */
export function definitionsOf(group: string): Definitions {
  if (group === 'chaos-mesh.org') {
    return { folder: existsSync(chaosMesh) ? chaosMesh : undefined, hint: 'shared/data/schemas/chaos-mesh' }
  }
  const known = modules.find((one) => one.group.test(group))
  if (known === undefined) return { folder: undefined, hint: `nobody said where the kinds of ${group} are defined` }
  const home = downloaded(known.module)
  const hint = `install Go, then: go mod download ${known.module}`
  return { folder: home === undefined ? undefined : join(home, known.below), hint }
}

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

// An API server drops fields that a definition does not name; here they are refused.
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (!isNode(schema)) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  const isOpen = 'additionalProperties' in copy || copy['x-kubernetes-preserve-unknown-fields'] === true
  // A schema inside oneOf or anyOf adds conditions to fields that are named outside.
  return copy['type'] === 'object' && 'properties' in copy && !isOpen ? { ...copy, additionalProperties: false } : copy
}

interface Definition {
  readonly kind: string
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Node } }[]
  }
}

// Every object has these, whatever its definition says.
function withMetadata(schema: Node): Schema {
  const text = { type: 'string' }
  const metadata = { $ref: 'kubernetes#/$defs/ObjectMeta' }
  return closed({
    ...schema,
    properties: { ...(schema['properties'] as Node), apiVersion: text, kind: text, metadata },
  }) as Schema
}

/** The closed schema of each kind in a folder of definitions, by `apiVersion/kind`. */
export function customKinds(folder: string): ReadonlyMap<string, Schema> {
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map((document) => document.toJS() as Definition | null)
    .filter((one) => one?.kind === 'CustomResourceDefinition')
    .flatMap((one) => (one === null ? [] : [one.spec]))
  return new Map(
    found.flatMap(({ group, names, versions }) =>
      versions.map(({ name, schema }): [string, Schema] => {
        return [`${group}/${name}/${names.kind}`, withMetadata(schema.openAPIV3Schema)]
      }),
    ),
  )
}
