// The address that other processes are told: where this one listens, as they can reach it.
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** The addresses of this machine by network interface. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** This machine's first IPv4 address that is not its own loopback; the loopback where it has no other. */
export function firstAddress(interfaces: Interfaces = networkInterfaces()): string {
  const all = Object.values(interfaces).flatMap((some) => some ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}

/** The address to tell for a listening host: the given one, else the host, else (it listens everywhere) the machine's first. */
export function toldAddress(host: string, given: string | undefined, interfaces?: Interfaces): string {
  if (given !== undefined) return given
  return everywhere.has(host) ? firstAddress(interfaces) : host
}
