// The privacy service with its HTTP on a given database and engine, for the tests of this room.

import type { Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import type { Settings } from '../../../kernel/config.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { Audit, Blobs, Encrypted, Logger, Ports } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { type PrivacyExtra, privacy } from '../index.ts'
import { privacySettings } from '../settings.ts'

/** What it stands on. */
export interface ServiceParts {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly audit: Audit
  readonly encrypted: Encrypted
  readonly log: Logger
  readonly withheldFrom?: PrivacyExtra['withheldFrom']
  readonly settings?: Partial<Settings<typeof privacySettings>>
}

/** How to ask. */
export interface Ask {
  readonly as?: string
  readonly role?: Role
  readonly bytes?: Uint8Array
  readonly json?: object
  readonly type?: string
}

/** An answer. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly bytes: Uint8Array
  readonly body: Readonly<Record<string, unknown>>
}

/** A running service. */
export interface ServiceUnderTest {
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, how?: Ask): Promise<Reply>
  start(): Promise<void>
  close(): Promise<void>
}

/** The settings' defaults. */
export const defaultSettings = Object.fromEntries(
  Object.entries(privacySettings).map(([name, { fallback }]) => [name, fallback]),
) as unknown as Settings<typeof privacySettings>

/** Opens the service; jobs run after `start`. */
export async function serviceUnderTest(given: ServiceParts): Promise<ServiceUnderTest> {
  const { sql, blobs, audit, encrypted, log } = given
  const common = { sql, blobs, audit, log, clock: systemClock, ids: createIds(systemClock) }
  const ports = common as unknown as Ports // all it asks for
  const running = await privacy.create(
    ports,
    { ...defaultSettings, ...given.settings },
    {
      encrypted,
      withheldFrom: given.withheldFrom ?? (async () => []),
    },
  )
  const app = buildServiceApp({
    ...{ service: 'privacy', running, log, clock: systemClock },
    verifyCaller(token) {
      const [subject = '', role = ''] = token.split(' ')
      // the tests send subject and role themselves
      return { subject, name: subject, roles: [role as Role], scopes: [], purpose: 'TREAT' }
    },
  })
  await app.ready()
  return {
    async ask(method, path, { as = 'guo', role = 'data-scientist', bytes, json, type } = {}) {
      const payload = bytes === undefined ? (json === undefined ? undefined : JSON.stringify(json)) : Buffer.from(bytes)
      const sent = type ?? (bytes === undefined ? 'application/json' : 'application/octet-stream')
      const headers = {
        'x-xinglin-caller': `${as} ${role}`,
        ...(payload === undefined ? {} : { 'content-type': sent }),
      }
      const url = path.startsWith('/') ? path : `/api/v1/private/${path}`
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      const kind = String(answer.headers['content-type'])
      const body = kind.includes('json') ? JSON.parse(answer.body) : {}
      return { status: answer.statusCode, type: kind, bytes: new Uint8Array(answer.rawPayload), body }
    },
    start: async () => running.start?.(),
    async close() {
      await app.close()
      await running.close?.()
    },
  }
}
