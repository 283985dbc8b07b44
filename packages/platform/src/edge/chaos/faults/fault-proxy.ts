// A TCP proxy that passes everything on untouched until it is told to do harm: delay, loss, a slow line, a cut, a refusal.

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { TrafficFault } from '../definitions/experiment.ts'
import { joinLane, type Lane } from './lane.ts'

/** A fault of some connections, in the directions given. */
export interface ProxyFault {
  /** What goes to the proxied side. */
  readonly inbound: TrafficFault | undefined
  /** What comes from it. */
  readonly outbound: TrafficFault | undefined
  /** Says by its port on this machine whether a client is met; every client when undefined. */
  readonly meets?: (clientPort: number) => Promise<boolean>
}

/** A proxy in front of one address. */
export interface FaultProxy {
  readonly port: number
  /** Adds a fault under a name. */
  add(name: string, fault: ProxyFault): Promise<void>
  /** Takes a fault away, and those that it is made of (`name#…`). */
  remove(name: string): void
  /** Takes away every fault and lets connections in again. */
  clear(): Promise<void>
  /** Whether connections are refused, and those that are open reset: as where nothing listens. */
  setRefusing(isRefusing: boolean): Promise<void>
  counts(): { readonly connections: number; readonly bytes: number }
  close(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  readonly inbound: Lane
  readonly outbound: Lane
  readonly met: Map<string, ProxyFault>
}

const loopback = '127.0.0.1'
const reopenEveryMs = 100
const reopenTries = 50

function apply({ inbound, outbound, met }: Link): void {
  inbound.setFaults([...met.values()].flatMap((fault) => fault.inbound ?? []))
  outbound.setFaults([...met.values()].flatMap((fault) => fault.outbound ?? []))
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen({ host: loopback, port })
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

class OpenProxy implements FaultProxy {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #random: () => number
  readonly #faults = new Map<string, ProxyFault>()
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #connections = 0
  #closedBytes = 0
  port = 0

  constructor(target: { readonly host: string; readonly port: number }, random: () => number) {
    this.#target = target
    this.#random = random
  }

  async open(): Promise<void> {
    for (let attempt = 1; this.#server === undefined; attempt += 1) {
      const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true }, (client) =>
        this.#accept(client).catch(() => client.destroy()),
      )
      try {
        this.port = await listen(server, this.port)
        this.#server = server
      } catch (error) {
        if (attempt >= reopenTries) throw error
        await delay(reopenEveryMs)
      }
    }
  }

  async #metBy(client: Socket): Promise<Map<string, ProxyFault>> {
    const met = new Map<string, ProxyFault>()
    for (const [name, fault] of this.#faults) {
      if (fault.meets === undefined || (await fault.meets(client.remotePort ?? 0))) met.set(name, fault)
    }
    return met
  }

  async #accept(client: Socket): Promise<void> {
    client.on('error', () => undefined)
    const met = await this.#metBy(client)
    const server = connect({ ...this.#target, noDelay: true, allowHalfOpen: true })
    const link: Link = {
      client,
      server,
      inbound: joinLane(client, server, this.#random),
      outbound: joinLane(server, client, this.#random),
      met,
    }
    this.#connections += 1
    this.#links.add(link)
    server.once('connect', () => client.resume())
    const reset = (): void => this.#end(link)
    server.on('error', reset)
    client.on('error', reset)
    client.once('close', () => server.destroyed || server.end())
    server.once('close', () => this.#end(link))
    apply(link)
    if (met.size > 0) link.inbound.addOpening(this.#openingMs(link))
  }

  // Opening goes once to and fro before the first byte.
  #openingMs({ met }: Link): number {
    return [...met.values()]
      .flatMap(({ inbound, outbound }) => [inbound?.delay, outbound?.delay])
      .reduce((sum, fault) => sum + (fault?.latencyMs ?? 0), 0)
  }

  #end(link: Link): void {
    if (!this.#links.delete(link)) return
    this.#closedBytes += link.inbound.bytes() + link.outbound.bytes()
    const { client, server } = link
    if (server.errored !== null || client.errored !== null) client.resetAndDestroy()
    else client.destroySoon()
    server.destroy()
  }

  async add(name: string, fault: ProxyFault): Promise<void> {
    this.#faults.set(name, fault)
    for (const link of this.#links) {
      if (fault.meets !== undefined && !(await fault.meets(link.client.remotePort ?? 0))) continue
      link.met.set(name, fault)
      apply(link)
    }
  }

  remove(name: string): void {
    const meant = [...this.#faults.keys()].filter((known) => known === name || known.startsWith(`${name}#`))
    for (const each of meant) this.#faults.delete(each)
    for (const link of this.#links) {
      const had = meant.filter((each) => link.met.delete(each))
      if (had.length > 0) apply(link)
    }
  }

  clear(): Promise<void> {
    for (const name of [...this.#faults.keys()]) this.remove(name)
    return this.open()
  }

  async setRefusing(isRefusing: boolean): Promise<void> {
    if (!isRefusing) return this.open()
    this.#server?.close()
    this.#server = undefined
    for (const { client, server } of [...this.#links]) {
      client.resetAndDestroy()
      server.destroy()
    }
  }

  counts(): { readonly connections: number; readonly bytes: number } {
    const open = [...this.#links].reduce((sum, { inbound, outbound }) => sum + inbound.bytes() + outbound.bytes(), 0)
    return { connections: this.#connections, bytes: this.#closedBytes + open }
  }

  async close(): Promise<void> {
    await this.setRefusing(true)
  }
}

/** Opens a proxy on a free loopback port; `random` gives 0 to 1. */
export async function openFaultProxy(
  target: { readonly host: string; readonly port: number },
  random: () => number = Math.random,
): Promise<FaultProxy> {
  const proxy = new OpenProxy(target, random)
  await proxy.open()
  return proxy
}
