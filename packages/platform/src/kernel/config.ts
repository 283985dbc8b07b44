// The only file that reads the environment: settings are declared by services, read once, and all faults are named at once.
import { AppError } from '@xinglin/core/errors'

/** How one setting is read. */
export interface SettingSpec {
  /** Environment variable, e.g. `PORT`. */
  readonly env: string
  readonly kind: 'text' | 'integer' | 'boolean' | 'port' | 'folder' | 'list'
  /** Other variables that are read, in this order, where `env` is absent; what their text means for this setting. */
  readonly also?: Readonly<Record<string, (text: string) => string>>
  /** Default; a setting without one may be absent (undefined). */
  readonly fallback?: string | number | boolean | readonly string[]
  /** One sentence for docs/configuration.md. */
  readonly about: string
  readonly min?: number
  readonly max?: number
  /** Never printed. */
  readonly secret?: boolean
  /** The only texts that mean something. */
  readonly oneOf?: readonly string[]
  /** Read anew at each use, so that a value in the registry's keys takes effect without a restart (live-settings.ts). */
  readonly isLive?: true
}

/** A service's settings by name. */
export type SettingSpecs = Readonly<Record<string, SettingSpec>>

type ValueOf<S extends Pick<SettingSpec, 'kind'>> = S['kind'] extends 'integer' | 'port'
  ? number
  : S['kind'] extends 'boolean'
    ? boolean
    : S['kind'] extends 'list'
      ? readonly string[]
      : string

/** Parsed settings: a setting without fallback may be undefined. */
export type Settings<Specs extends SettingSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends { readonly fallback: unknown }
    ? ValueOf<Specs[Name]>
    : ValueOf<Specs[Name]> | undefined
}

/** The settings of several owners, by owner. */
export type SpecsByOwner = Readonly<Record<string, SettingSpecs>>

/** Parsed settings by owner. */
export type SettingsByOwner<Specs extends SpecsByOwner> = {
  readonly [Owner in keyof Specs]: Settings<Specs[Owner]>
}

/** A setting's text as read: its value, or what it must be instead. */
export type ParsedSetting = { readonly value: unknown } | { readonly fault: string }

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])
const maxPort = 65_535

/** The environment of this process: the only place that reads it. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.freeze({ ...process.env })
}

function parseInteger(spec: SettingSpec, text: string): ParsedSetting {
  const isPort = spec.kind === 'port'
  const min = spec.min ?? (isPort ? 0 : Number.MIN_SAFE_INTEGER)
  const max = spec.max ?? (isPort ? maxPort : Number.MAX_SAFE_INTEGER)
  const value = Number(text)
  if (/^[+-]?\d+$/.test(text) && value >= min && value <= max) return { value }
  const hasRange = isPort || spec.min !== undefined || spec.max !== undefined
  return { fault: hasRange ? `a whole number from ${min} to ${max}` : 'a whole number' }
}

function parseText(spec: SettingSpec, text: string): ParsedSetting {
  const { oneOf } = spec
  if (oneOf !== undefined) return oneOf.includes(text) ? { value: text } : { fault: `one of ${oneOf.join(', ')}` }
  if (text.length >= (spec.min ?? 0) && text.length <= (spec.max ?? Number.POSITIVE_INFINITY)) return { value: text }
  return { fault: `a text of ${spec.min ?? 0} to ${spec.max ?? 'any number of'} characters` }
}

/** Reads the text of one setting. */
export function parseSetting(spec: SettingSpec, text: string): ParsedSetting {
  switch (spec.kind) {
    case 'integer':
    case 'port':
      return parseInteger(spec, text)
    case 'boolean': {
      const value = truths.get(text.toLowerCase())
      return value === undefined ? { fault: 'true or false' } : { value }
    }
    case 'list':
      return { value: Object.freeze(text.split(/[\s,]+/).filter((item) => item !== '')) }
    case 'folder':
      return text.includes('\0') ? { fault: 'the path of a folder' } : { value: text }
    case 'text':
      return parseText(spec, text)
    default:
      return spec.kind satisfies never
  }
}

type Environment = Readonly<Record<string, string | undefined>>

function givenText(spec: SettingSpec, env: Environment): { readonly name: string; readonly text: string } | undefined {
  const own = env[spec.env]?.trim() ?? ''
  if (own !== '') return { name: spec.env, text: own }
  for (const [name, meaning] of Object.entries(spec.also ?? {})) {
    const text = env[name]?.trim() ?? ''
    if (text !== '') return { name, text: meaning(text) }
  }
  return undefined
}

function readSetting(spec: SettingSpec, env: Environment, faults: string[]): unknown {
  const given = givenText(spec, env)
  if (given === undefined) return spec.fallback
  const { name, text } = given
  const parsed = parseSetting(spec, text)
  if ('value' in parsed) return parsed.value
  const shown = spec.secret === true ? 'has a value (secret, not shown) that' : `is ${JSON.stringify(text)} and`
  faults.push(`${name} ${shown} must be ${parsed.fault} (${spec.about})`)
  return undefined
}

/**
 * Reads all settings of all owners from an environment; an empty variable counts as absent. The result is frozen.
 * @throws AppError 'invalid-parameter' whose message and issues name every fault at once
 */
export function readSettings<const Specs extends SpecsByOwner>(
  specs: Specs,
  env: Readonly<Record<string, string | undefined>>,
): SettingsByOwner<Specs> {
  const faults: string[] = []
  const owners = Object.entries(specs).map(([owner, settings]) => {
    const values = Object.entries(settings).map(([name, spec]) => [name, readSetting(spec, env, faults)])
    return [owner, Object.freeze(Object.fromEntries(values))]
  })
  const unique = [...new Set(faults)]
  if (unique.length > 0) {
    throw new AppError('invalid-parameter', `The configuration cannot be used:\n- ${unique.join('\n- ')}`, {
      issues: unique.map((diagnostics) => ({ severity: 'error', code: 'value', diagnostics })),
    })
  }
  return Object.freeze(Object.fromEntries(owners)) as SettingsByOwner<Specs> // each value was parsed by its spec's kind
}
