// The only file that reads the environment: settings are declared by services, read once, and all faults are named at once.

/** How one setting is read. */
export interface SettingSpec {
  /** Environment variable, e.g. `PORT`. */
  readonly env: string
  readonly kind: 'text' | 'integer' | 'boolean' | 'port' | 'folder' | 'list'
  /** Default; a setting without one may be absent (undefined). */
  readonly fallback?: string | number | boolean | readonly string[]
  /** One sentence for docs/configuration.md. */
  readonly about: string
  readonly min?: number
  readonly max?: number
  /** Never printed. */
  readonly secret?: boolean
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
