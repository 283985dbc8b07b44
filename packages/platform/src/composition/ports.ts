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

/** Settings with what declares them. */
export interface Owned {
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

/** A process that is about to listen. */
export interface ListeningProcess {
  /** Its services. */
  readonly names: readonly string[]
  /** Whether it speaks TLS with other processes of its system. */
  readonly isSecure: boolean
}

type Values = Readonly<Record<string, unknown>>

// A port that is not named here is opened by every process that runs its owner.
const conditions: Readonly<Record<string, (values: Values, process: ListeningProcess) => boolean>> = {
  GATEWAY_TLS_PORT: ({ tlsHost }) => tlsHost !== undefined,
  REGISTRY_TLS_PORT: (_values, { isSecure }) => isSecure,
  DIMSE_PORT: ({ dimseEnabled }) => dimseEnabled === true,
  OTLP_PORT: ({ isReceiving }) => isReceiving === true,
  OTLP_GRPC_PORT: ({ isReceiving }) => isReceiving === true,
}

/** The setting of the first port on which rooms answer other processes. */
export const roomPort = 'SERVICE_PORT'
const withoutRoom = ['gateway', 'registry'] // they answer on ports of their own alone

/** The ports that such a process opens with these settings, besides those of rooms ({@link roomPorts}). */
export function openedPorts(owned: Owned, process: ListeningProcess): readonly ListeningPort[] {
  return listeningPorts(owned).filter(({ owner, env }) => {
    const isWanted = conditions[env]?.(owned.settings[owner] ?? {}, process) ?? true
    return isWanted && process.names.includes(owner)
  })
}

/**
 * The ports on which the rooms of one process of a split system answer the others: one each, from `servicePort` on. Where that
 * is 0 they are taken at random, and there is none to name.
 */
export function roomPorts(
  names: readonly string[],
  { serviceHost: host, servicePort: first }: { readonly serviceHost: string; readonly servicePort: number },
): readonly ListeningPort[] {
  if (first === 0) return []
  const rooms = names.filter((name) => !withoutRoom.includes(name))
  return rooms.map((owner, index) => ({ owner, env: roomPort, host, port: first + index }))
}
