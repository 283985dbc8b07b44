// The ports that a system listens on, as its settings say: told by `xinglin doctor`, and moved where two systems run.
import type { SettingSpecs } from '../kernel/config.ts'

/** A port with the setting that moves it. */
export interface ListeningPort {
  /** The service that listens there. */
  readonly owner: string
  readonly env: string
  readonly host: string
  readonly port: number
}

interface Owned {
  readonly specs: Readonly<Record<string, SettingSpecs>>
  /** Settings by owner, read with these specs. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const loopback = '127.0.0.1'

function hostOf(values: Readonly<Record<string, unknown>>, name: string): string {
  const own = values[name.replace(/port$/i, (port) => (port === 'port' ? 'host' : 'Host'))] ?? values['host']
  return typeof own === 'string' ? own : loopback
}

/** Every port with a fixed default, in the order of the owners; those that are taken at random are left out. */
export function listeningPorts({ specs, settings }: Owned): readonly ListeningPort[] {
  return Object.entries(specs).flatMap(([owner, owned]) =>
    Object.entries(owned).flatMap(([name, { kind, env, fallback }]): readonly ListeningPort[] => {
      const values = settings[owner] ?? {}
      const port = values[name]
      if (kind !== 'port' || typeof fallback !== 'number' || fallback === 0 || typeof port !== 'number') return []
      return [{ owner, env, host: hostOf(values, name), port }]
    }),
  )
}
