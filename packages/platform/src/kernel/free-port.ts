// Looks whether TCP ports can be opened, and finds a free one on the loopback.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the ports that Linux (32768), macOS and Windows (49152) give to outgoing connections: one of those could
// take a port of that range between the moment it was found and the moment somebody listens there.
const firstPort = 20_000
const endPort = 32_000
const attempts = 100
// Each process looks in a part of its own first, so that systems started at the same moment do not meet.
const partSize = 120
const ownPart = process.pid % Math.floor((endPort - firstPort) / partSize)
const given = new Set<number>()

/** What would become of opening a port: `forbidden` to this user, or at an address that is `elsewhere`. */
export type PortState = 'free' | 'taken' | 'forbidden' | 'elsewhere'

const states: Readonly<Record<string, PortState>> = { EACCES: 'forbidden', EADDRNOTAVAIL: 'elsewhere' }

/** Opens the port for a moment and says what became of it. */
export function lookAtPort(port: number, host: string): Promise<PortState> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(states[code] ?? 'taken'))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve('free')))
  })
}

/** Says whether a port of the loopback is free now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await lookAtPort(port, '127.0.0.1')) === 'free'
}

function candidate(attempt: number): number {
  const start = firstPort + ownPart * partSize
  return attempt < attempts / 2 ? randomInt(start, start + partSize) : randomInt(firstPort, endPort)
}

/** A port that was free a moment ago and was not given before; whoever takes it must be ready to find it taken. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = candidate(attempt)
    if (given.has(port)) continue
    given.add(port)
    if (await isPortFree(port)) return port
  }
  throw new Error(`No free port was found between ${firstPort} and ${endPort}`)
}
