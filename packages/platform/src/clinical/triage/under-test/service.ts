// The triage service with its HTTP on a fresh database, for the tests of this room.
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { AuditEntry, CallService, Ports } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { type TriageExtra, triage } from '../index.ts'

/** An answer. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** How to ask. */
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly role?: Role
  readonly patient?: string
  readonly scopes?: readonly string[]
  readonly subject?: string
  readonly payload?: string | object
}

/** A running service. */
export interface ServiceUnderTest {
  readonly audits: readonly AuditEntry[]
  ask(url: string, how?: Ask): Promise<Answer>
  close(): Promise<void>
}

const unused = (): never => {
  throw new Error('not used by triage')
}

/** The caller of a test. */
export function callerOf({ role = 'clinician', patient, scopes = [], subject }: Ask): Caller {
  const name = subject ?? `test-${role}`
  return { subject: name, name, roles: [role], scopes, purpose: 'TREAT', ...(patient === undefined ? {} : { patient }) }
}

/** Ports on a database; what is audited is kept in the list. */
export function portsOn(sql: Sql, audits: AuditEntry[], call: CallService = unused): Ports {
  return {
    sql,
    call,
    log: silentLogger,
    clock: systemClock,
    ids: createIds(systemClock),
    audit: {
      append: async (tx, entries) => {
        tx.afterCommit(() => audits.push(...entries))
      },
      record: async (entry) => {
        audits.push(entry)
      },
    },
    blobs: { put: unused, get: unused, has: unused, delete: unused },
    events: { publish: unused, subscribe: unused },
    onnx: { open: unused },
    telemetry: noTelemetry,
    models: { metadata: unused, infer: unused },
    registry: { register: unused, deregister: unused, instances: unused, watch: unused },
  }
}

/** Starts the service; `call` stands for the other services. */
export async function startTriage(
  sql: Sql,
  call?: CallService,
  extra: Partial<TriageExtra> = {},
): Promise<ServiceUnderTest> {
  const audits: AuditEntry[] = []
  const ports = portsOn(sql, audits, call)
  const running = await triage.create(
    ports,
    { neo4jUrl: undefined, neo4jUser: 'neo4j', neo4jPassword: undefined },
    { withheldFrom: async () => [], ...extra },
  )
  const verifyCaller = (token: string): Caller => JSON.parse(token) as Caller
  const app = buildServiceApp({ service: 'triage', running, verifyCaller, log: silentLogger, clock: systemClock })
  await app.ready()
  await running.start?.()
  return {
    audits,
    async ask(url, how = {}) {
      const answer = await app.inject({
        url,
        method: how.method ?? (how.payload === undefined ? 'GET' : 'POST'),
        headers: {
          'x-xinglin-caller': JSON.stringify(callerOf(how)),
          ...(how.payload === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(how.payload === undefined ? {} : { payload: how.payload }),
      })
      const type = String(answer.headers['content-type'])
      return { status: answer.statusCode, type, body: answer.payload === '' ? undefined : answer.json() }
    },
    async close() {
      await app.close()
      await running.close?.()
    },
  }
}
