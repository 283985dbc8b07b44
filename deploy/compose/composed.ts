// The compose file as Compose reads it with some env files: variables filled in, parts of absent profiles gone. For tests.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** A part (Compose calls it a service), as far as tests look at it. */
export interface Part {
  readonly image: string
  readonly environment?: Readonly<Record<string, string | null>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>
  readonly command?: readonly string[]
  readonly ports?: readonly string[]
  readonly read_only?: boolean
  readonly profiles?: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly restart?: string
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly user?: string
  readonly stop_grace_period?: string
}

/** The whole file. */
interface Composed {
  readonly services: Readonly<Record<string, Part>>
  readonly volumes: Readonly<Record<string, unknown>>
}

type Values = Readonly<Record<string, string>>

const folder = fileURLToPath(new URL('./', import.meta.url))
/** Path of the compose file. */
export const composeFile = `${folder}compose.yaml`
/** Path of the example of `.env`. */
export const exampleFile = `${folder}example.env`
/** Engines that may be left out: each has an env file of its name. */
export const engines: readonly string[] = globSync('*.env', { cwd: folder })
  .map((name) => basename(name, '.env'))
  .filter((name) => name !== 'example')
  .sort()

/** Values for every secret that a `.env` is asked for. */
export const secrets: Values = {
  ...{ DATABASE_PASSWORD: 'p', INTERNAL_KEY: 'k'.repeat(48), REGISTRY_TOKEN: 't'.repeat(32) },
  ...{ S3_ACCESS_KEY: 'access', S3_SECRET_KEY: 'secretsecret', NEO4J_PASSWORD: 'graphpassword' },
}

/** Says whether a part runs our own image. */
export const isOurs = ({ image }: Part): boolean => image.startsWith('xinglin:')

// As Compose does: `${NAME}`, `${NAME:-default}`, `${NAME:+instead}`, `${NAME:?what is missing}`, `$$`.
function filled(text: string, given: Values): string {
  const inner = text.replace(/\$\{(\w+):\+([^{}]*\$\{\w+\}[^{}]*)\}/g, (_all, name: string, rest: string) =>
    (given[name] ?? '') === '' ? '' : filled(rest, given),
  )
  return inner.replace(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, kind?: string, rest = '') => {
    if (name === undefined) return all.slice(1)
    const value = given[name] ?? ''
    if (value !== '') return value
    assert.notEqual(kind, '?', rest)
    return kind === '-' ? rest : ''
  })
}

/** Variables of an env file, after those before it. */
export function variablesIn(path: string, before: Values = {}): Values {
  const values: Record<string, string> = { ...before }
  for (const [, name = '', value = ''] of readFileSync(path, 'utf8').matchAll(/^([A-Z]\w*)=(.*)$/gm))
    values[name] = filled(value, values)
  return values
}

// Compose parses first and fills in the texts of the tree: what is filled in never is syntax.
function filledTree(node: unknown, given: Values): unknown {
  if (typeof node === 'string') return filled(node, given)
  if (Array.isArray(node)) return node.map((one) => filledTree(one, given))
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filledTree(value, given)]))
}

/** The file with a `.env` of these values and the env files of some engines, in that order. */
export function composed(given: Values, names: readonly string[] = []): Composed {
  const values = names.reduce((before, name) => variablesIn(`${folder}${name}.env`, before), given)
  const chosen = (values['COMPOSE_PROFILES'] ?? '').split(',')
  const all = filledTree(parse(readFileSync(composeFile, 'utf8'), { merge: true }), values) as Composed
  const present = Object.entries(all.services).filter(
    ([, { profiles = [] }]) => profiles.length === 0 || profiles.some((one) => chosen.includes(one)),
  )
  return { ...all, services: Object.fromEntries(present) }
}
