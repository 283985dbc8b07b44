// Looks at every port of a process before anything is started, so that all that cannot be opened are named at once.
import { AppError } from '@xinglin/core/errors'
import { lookAtPort, type PortState } from '../kernel/free-port.ts'
import { type ListeningPort, listeningPorts, type Owned, roomPort } from './ports.ts'

/** Why a port cannot be opened: in its words, and a setting that would do. */
export interface PortFault {
  readonly port: ListeningPort
  /** `twice`: another port of the same process has this number. */
  readonly state: Exclude<PortState, 'free'> | 'twice'
  /** Another number for it, free now and no service's own; absent where no number helps. */
  readonly instead?: number
}

const step = 10
const lastPort = 65_535

const everywhere = ['0.0.0.0', '::']
const meet = (a: string, b: string): boolean => a === b || everywhere.includes(a) || everywhere.includes(b)

// A number that no service uses, as set or by default, and that nobody holds now.
async function otherPort({ port, host, env }: ListeningPort, reserved: Set<number>): Promise<number | undefined> {
  if (env === roomPort) return 0 // several in a row: free ones are found at the start
  for (let at = port < 1024 ? port + 8000 : port + step; at <= lastPort; at += step) {
    if (reserved.has(at) || (await lookAtPort(at, host)) !== 'free') continue
    reserved.add(at)
    return at
  }
  return undefined
}

/** The ports among `wanted` that cannot be opened now; those that may be taken at random (0) always can. */
export async function portFaults(wanted: readonly ListeningPort[], owned: Owned): Promise<readonly PortFault[]> {
  const defaults = Object.values(owned.specs).flatMap((specs) => Object.values(specs).map(({ fallback }) => fallback))
  const reserved = new Set([...defaults, ...listeningPorts(owned).map(({ port }) => port)].filter(isPort))
  const faults: PortFault[] = []
  for (const [index, port] of wanted.entries()) {
    if (port.port === 0) continue
    const isTwice = wanted.slice(0, index).some((other) => other.port === port.port && meet(other.host, port.host))
    const state = isTwice ? 'twice' : await lookAtPort(port.port, port.host)
    if (state === 'free') continue
    const instead = state === 'elsewhere' ? undefined : await otherPort(port, reserved)
    faults.push({ port, state, ...(instead === undefined ? {} : { instead }) })
  }
  return faults
}

function isPort(value: unknown): value is number {
  return typeof value === 'number'
}

const words = {
  taken: 'is taken by another program',
  forbidden: 'may not be opened by this user',
  elsewhere: 'is at an address that this machine does not have',
  twice: 'is wanted by another port of this system too',
} as const

/** A fault in words, without what would mend it. */
export function faultWords({ port, state }: PortFault): string {
  return `port ${port.port} on ${port.host} ${words[state]}`
}

/** The setting that mends it, e.g. `PORT=8090`; undefined where no number helps. */
export function mendingSetting({ port, instead }: PortFault): string | undefined {
  return instead === undefined ? undefined : `${port.env}=${instead}`
}

/**
 * Looks at all ports that are wanted, before anything is started.
 * @throws AppError 'unavailable' naming each port that cannot be opened, its setting, and other numbers that are free
 */
export async function requirePorts(wanted: readonly ListeningPort[], owned: Owned): Promise<void> {
  const faults = await portFaults(wanted, owned)
  if (faults.length === 0) return
  const lines = faults.map((fault) => `- ${faultWords(fault)} (${fault.port.env})`)
  const mending = [...new Set(faults.flatMap((fault) => mendingSetting(fault) ?? []))]
  const advice = mending.length === 0 ? [] : [`Stop what holds them, or start with other ones: ${mending.join(' ')}`]
  throw new AppError('unavailable', ['Nothing was started:', ...lines, ...advice].join('\n'))
}
