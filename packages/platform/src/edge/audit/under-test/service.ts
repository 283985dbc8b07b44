// The audit service with its HTTP on a given database, for the tests of this room.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { Logger, Ports } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { audit, createTrail, type Trail, type TrailReport } from '../index.ts'
import { callerOf } from './trail.ts'

/** A running service. */
export interface ServiceUnderTest {
  readonly sql: Sql
  readonly trail: Trail
  readonly folder: string
  ask(url: string, how?: Ask): Promise<Reply>
  /** Waits until everything recorded so far is sealed. */
  allSealed(): Promise<void>
  close(): Promise<void>
}

/** How to ask. */
export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly role?: Role
  readonly scopes?: readonly string[]
  readonly payload?: object
}

/** An answer. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Body
}

/** An AuditEvent, in the parts that tests look at. */
export interface Shown {
  readonly id: string
  readonly action: string
  readonly outcome: string
  readonly outcomeDesc?: string
  readonly meta?: { readonly profile: readonly string[] }
  readonly subtype: readonly { readonly code: string }[]
  readonly agent: readonly { readonly altId?: string }[]
  readonly entity: readonly {
    readonly query?: string
    readonly what?: { readonly reference?: string; readonly identifier?: { readonly value: string } }
  }[]
  readonly extension: readonly { readonly url: string; readonly valueDecimal?: number }[]
}

/** What the answers hold, each test looking at its own part. */
export interface Body {
  readonly type: string
  readonly entry: readonly { readonly resource: Shown }[]
  readonly link: readonly { readonly relation: string; readonly url: string }[]
  readonly detail: string
  readonly size: number
  readonly root: string
  readonly lagMs: number
  readonly publicKey: string
  readonly fromRoot: string
  readonly toRoot: string
  readonly proof: readonly string[]
  readonly leaf: string
  readonly eventId: number
  readonly checkpoints: readonly { readonly number: number; readonly note: string }[]
  readonly next: string
  readonly state: string
  readonly report: TrailReport
  readonly checked: number
  readonly verified: { readonly ok: boolean; readonly size: number }
}

/** The newest event of an answer. */
export function newest({ body }: Reply): Shown {
  const [entry] = body.entry
  assert.ok(entry)
  return entry.resource
}

async function waitUntilSealed(sql: Sql): Promise<void> {
  const [last] = await sql.query<{ id: number }>({ text: 'SELECT max(id) AS id FROM audit.event' })
  for (let turn = 0; turn < 500; turn++) {
    const [row] = await sql.query<{ count: number }>({
      text: 'SELECT count(*)::int AS count FROM audit.event e WHERE id <= $1 AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)',
      values: [last?.id ?? 0],
    })
    if (row?.count === 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('the sealer did not come to the newest event within five seconds')
}

/** Opens the service in a fresh folder. */
export async function serviceUnderTest(sql: Sql, log: Logger, acceptNewKey = false): Promise<ServiceUnderTest> {
  const folder = join(await mkdtemp(join(tmpdir(), 'xinglin-audit-')), 'audit')
  const common = { sql, log, clock: systemClock }
  const trail = createTrail(common)
  const ports = { ...common, audit: trail, ids: createIds(systemClock) } as unknown as Ports // all it asks for
  const running = await audit.create(ports, { sealEveryMs: 20, checkpointEverySeconds: 1, acceptNewKey }, { folder })
  const app = buildServiceApp({
    service: 'audit',
    running,
    verifyCaller(token) {
      const [role, ...scopes] = token.split(' ')
      return { ...callerOf(role as Role), scopes } // the tests send role and scopes themselves
    },
    ...common,
  })
  await app.ready()
  await running.start?.()
  return {
    sql,
    trail,
    folder,
    async ask(url, { method = 'GET', role = 'compliance', scopes = [], payload } = {}) {
      const headers = { 'x-xinglin-caller': [role, ...scopes].join(' ') }
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      const body = answer.body === '' ? undefined : JSON.parse(answer.body)
      return { status: answer.statusCode, type: String(answer.headers['content-type']), body }
    },
    allSealed: () => waitUntilSealed(sql),
    async close() {
      await app.close()
      await running.close?.()
      await trail.close()
      await rm(join(folder, '..'), { recursive: true, force: true })
    },
  }
}
