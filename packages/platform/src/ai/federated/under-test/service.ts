// The federated learning service with its HTTP and its Flower port on a given database, for the tests of this room.
import assert from 'node:assert/strict'
import { openDiskBlobs } from '../../../engines/disk/index.ts'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { Audit, AuditEntry, CallService, Ports, Telemetry } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { federated } from '../index.ts'

/** A running service. */
export interface ServiceUnderTest {
  /** `127.0.0.1:port` for Flower clients. */
  readonly flower: string
  /** HTTP address, for what cannot be asked without a socket. */
  readonly url: string
  readonly entries: readonly AuditEntry[]
  ask<T = Body>(url: string, how?: Ask): Promise<{ readonly status: number; readonly body: T }>
  close(): Promise<void>
}

/** How to ask. */
export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly role?: Role
  readonly payload?: object | string
}

/** Answers, in the parts that tests look at. */
export interface Body {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly detail: string
  readonly token: string
  readonly next?: string
  readonly registered: string | null
  readonly bestRound: number | null
  readonly federations: readonly { readonly id: string }[]
  readonly sites: readonly {
    readonly name: string
    readonly isConnected: boolean
    readonly bytesSent: number
    readonly bytesReceived: number
  }[]
  readonly rounds: readonly RoundBody[]
  readonly events: readonly { readonly kind: string; readonly sentence: string; readonly site?: string }[]
}

/** A round of an answer. */
export interface RoundBody {
  readonly number: number
  readonly state: string
  readonly asked: number
  readonly returned: number
  readonly loss: number | null
  readonly metrics: Readonly<Record<string, number>> | null
  readonly sites: readonly {
    readonly site: string
    readonly outcome: string
    readonly reason: string | null
    readonly examples: number | null
    readonly evaluation?: { readonly loss: number }
  }[]
}

/** What the service is opened on. */
export interface Place {
  readonly sql: Sql
  readonly folder: string
  readonly call?: CallService
  readonly telemetry?: Telemetry
  readonly flowerPort?: number
  readonly openJoin?: boolean
  readonly leaseMs?: number
  /** Answers over HTTP and runs nothing. */
  readonly isReader?: boolean
}

const callerOf = (role: Role): Caller => ({
  subject: `test-${role}`,
  name: role,
  roles: [role],
  scopes: [],
  purpose: 'TREAT',
})
const noRegistry: CallService = () => async () => new Response('{}', { status: 404 })

/** Opens the service. */
export async function serviceUnderTest(place: Place): Promise<ServiceUnderTest> {
  const entries: AuditEntry[] = []
  const audit: Audit = {
    append: async (_tx, added) => void entries.push(...added),
    record: async (entry) => void entries.push(entry),
  }
  const ports = {
    sql: place.sql,
    blobs: await openDiskBlobs(place.folder),
    audit,
    call: place.call ?? noRegistry,
    telemetry: place.telemetry ?? noTelemetry,
    log: silentLogger,
    clock: systemClock,
    ids: createIds(systemClock),
  } as unknown as Ports // all it asks for
  const settings = {
    host: '127.0.0.1',
    port: place.flowerPort ?? 0,
    openJoin: place.openJoin,
    certificate: undefined,
    key: undefined,
    maxSites: 20,
  }
  const running = await federated.create(ports, settings, { leaseMs: place.leaseMs ?? 10_000 })
  const verifyCaller = (role: string): Caller => callerOf(role as Role) // the tests send the role itself
  const app = buildServiceApp({ service: 'federated', running, verifyCaller, log: silentLogger, clock: systemClock })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  if (place.isReader !== true) await running.start?.()
  return {
    flower: `127.0.0.1:${running.flowerPort()}`,
    url,
    entries,
    async ask(path, { method = 'GET', role = 'data-scientist', payload } = {}) {
      const type = typeof payload === 'string' ? { 'content-type': 'application/json' } : {}
      const headers = { 'x-xinglin-caller': role, ...type }
      const sent = payload === undefined ? {} : { payload }
      const answer = await app.inject({ method, url: path, headers, ...sent })
      return { status: answer.statusCode, body: JSON.parse(answer.body) }
    },
    async close() {
      await running.close?.()
      await app.close()
    },
  }
}

/** Sets up a federation and starts it. */
export async function startFederation(service: ServiceUnderTest, payload: object): Promise<string> {
  const made = await service.ask('/api/v1/federations', { method: 'POST', payload })
  assert.equal(made.status, 201, made.body.detail)
  const started = await service.ask(`/api/v1/federations/${made.body.id}/start`, { method: 'POST' })
  assert.equal(started.status, 200, started.body.detail)
  return made.body.id
}

/** Waits until what is asked for is so; asks 50 times a second, for a minute or so. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let turn = 0; turn < 3000; turn++) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return assert.fail('it did not come about within a minute')
}

/** Waits until a federation has ended, and gives it. */
export function ended(service: ServiceUnderTest, id: string): Promise<Body> {
  return until(async () => {
    const { body } = await service.ask(`/api/v1/federations/${id}`)
    return body.state !== 'running' && body
  })
}
