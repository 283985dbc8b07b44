// Settings that change while a process runs: values from outside are parsed like the environment, and a faulty one changes nothing.
import { parseSetting, readSettings, type SettingSpec, type SettingsByOwner, type SpecsByOwner } from './config.ts'

/** What became of one value from outside. */
export interface LiveChange {
  /** Environment variable, e.g. `RATE_LIMIT_PER_SECOND`. */
  readonly name: string
  readonly outcome: 'changed' | 'refused' | 'ignored'
  /** Why it was refused or ignored; never the value. */
  readonly reason?: string
}

/** The settings of a process, some of which follow values from outside. */
export interface LiveSettings<Specs extends SpecsByOwner> {
  /** Read live ones where they are used: a copy keeps the value of its moment. */
  readonly settings: SettingsByOwner<Specs>
  /**
   * Takes all values there are now, by environment variable; one that is gone falls back to its default. What this
   * process was given in its environment stays. @returns what is new since the last call
   */
  apply(values: ReadonlyMap<string, string>): readonly LiveChange[]
}

interface LiveValue {
  readonly spec: SettingSpec
  readonly isGiven: boolean
  text: string | undefined
  value: unknown
}

const isGivenIn = (environment: Readonly<Record<string, string | undefined>>, name: string): boolean =>
  (environment[name] ?? '').trim() !== ''

function applyOne(live: LiveValue, given: string | undefined): LiveChange | undefined {
  const { spec } = live
  const text = given?.trim() === '' ? undefined : given?.trim()
  if (text === live.text) return undefined
  live.text = text
  if (live.isGiven)
    return { name: spec.env, outcome: 'ignored', reason: 'it is set in the environment of this process' }
  const parsed = text === undefined ? { value: spec.fallback } : parseSetting(spec, text)
  if ('fault' in parsed) return { name: spec.env, outcome: 'refused', reason: `it must be ${parsed.fault}` }
  live.value = parsed.value
  return { name: spec.env, outcome: 'changed' }
}

function ownedOf(live: ReadonlyMap<string, LiveValue>, specs: Readonly<Record<string, SettingSpec>>, read: object) {
  const owned: object = {}
  for (const [name, value] of Object.entries(read)) {
    const spec = specs[name]
    const own = spec?.isLive === true ? live.get(spec.env) : undefined
    const shape = own === undefined ? { value, enumerable: true } : { get: () => own.value, enumerable: true }
    Object.defineProperty(owned, name, shape)
  }
  return Object.freeze(owned)
}

/**
 * Reads all settings of all owners from an environment, as {@link readSettings} does, and lets the live ones change.
 * @throws AppError 'invalid-parameter' that names every fault of the environment at once
 */
export function createLiveSettings<const Specs extends SpecsByOwner>(
  specs: Specs,
  environment: Readonly<Record<string, string | undefined>>,
): LiveSettings<Specs> {
  const read = readSettings(specs, environment)
  const live = new Map<string, LiveValue>()
  for (const [owner, owned] of Object.entries(specs)) {
    for (const [name, spec] of Object.entries(owned)) {
      if (spec.isLive !== true) continue
      const value = (read[owner] as Readonly<Record<string, unknown>>)[name]
      live.set(spec.env, { spec, isGiven: isGivenIn(environment, spec.env), text: undefined, value })
    }
  }
  const owners = Object.entries(read).map(([owner, values]) => [owner, ownedOf(live, specs[owner] ?? {}, values)])
  const unknown = new Set<string>()

  return {
    settings: Object.freeze(Object.fromEntries(owners)) as SettingsByOwner<Specs>, // the same values, some behind getters
    apply(values) {
      const strange = [...values.keys()].filter((name) => !live.has(name) && !unknown.has(name))
      for (const name of strange) unknown.add(name)
      const reason = 'there is no setting of this name that can change while a process runs'
      return [
        ...[...live.values()].flatMap((one) => applyOne(one, values.get(one.spec.env)) ?? []),
        ...strange.map((name) => ({ name, outcome: 'ignored', reason }) as const),
      ]
    },
  }
}
