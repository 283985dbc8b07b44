// The explain service beside patient and emr on one database, as in one process: what the tests of this room run against.
import type { Resource } from '@xinglin/core/fhir'
import type { FastifyInstance } from 'fastify'
import { emr } from '../../../clinical/emr/index.ts'
import { patient, patientTypes } from '../../../clinical/patient/index.ts'
import { pharmacyTypes } from '../../../clinical/pharmacy/index.ts'
import { createCalls } from '../../../kernel/call.ts'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import { kernelSql } from '../../../kernel/outbox.ts'
import type { Audit, AuditEntry, Models, Ports } from '../../../kernel/ports.ts'
import type { RunningService } from '../../../kernel/service.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { createPreparePool, openRecords, recordsSql } from '../../../records/index.ts'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { explain } from '../index.ts'

/** An answer with its body. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

/** How to ask. */
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT'
  readonly role?: Role
  readonly subject?: string
  readonly payload?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The house. */
export interface House {
  readonly database: TestDatabase
  readonly entries: AuditEntry[]
  /** Asks the explain service. */
  ask(url: string, how?: Ask): Promise<Reply>
  /** Asks the record store. */
  fhir(url: string, how?: Ask): Promise<Reply & { readonly resource: Resource }>
  /** Stops the explain service and starts a new one on the same database, as after a crash. */
  restart(): Promise<void>
  close(): Promise<void>
}

const baseUrl = 'http://127.0.0.1/fhir'

function callerOf(role: Role, subject = `test-${role}`): Caller {
  return { subject, name: role, roles: [role], scopes: [], purpose: 'TREAT' }
}

/** Opens it over served models. */
export async function openHouse(models: Models, settings: Partial<typeof defaults> = {}): Promise<House> {
  const database = await testDatabase([kernelSql, recordsSql, explain.sql])
  const { sql } = database
  const entries: AuditEntry[] = []
  const audit: Audit = {
    append: async (tx, added) => tx.afterCommit(() => entries.push(...added)),
    record: async (entry) => {
      entries.push(entry)
    },
  }
  const clock = systemClock
  const ids = createIds(clock)
  const events = { publish: async () => undefined, subscribe: () => undefined }
  const pool = createPreparePool({ size: 1 })
  const cursorKey = new Uint8Array(32).fill(7)
  const store = openRecords({ ...{ sql, audit, events, clock, ids, rules: [], cursorKey, pool, baseUrl } })
  const serving = { ...store, audit, baseUrl, version: '0', date: clock.now() }
  const apps = new Map<string, FastifyInstance>()
  const verifyCaller = (token: string): Caller => JSON.parse(token)
  const calls = createCalls({
    local: (service) => apps.get(service),
    registry: { instances: () => [] },
    sign: (caller) => JSON.stringify(caller),
    self: callerOf('system'),
    clock,
  })
  const unused = (): never => {
    throw new Error('this port is not used here')
  }
  const ports: Ports = {
    ...{ sql, events, audit, clock, ids, models, log: silentLogger, call: calls.call },
    blobs: { put: unused, get: unused, has: unused, delete: unused } as unknown as Ports['blobs'],
    registry: { register: unused, deregister: unused, instances: () => [], watch: unused },
    onnx: { open: unused },
    telemetry: noTelemetry,
  }
  const add = async (name: string, running: RunningService): Promise<void> => {
    const app = buildServiceApp({ service: name, running, verifyCaller, log: silentLogger, clock })
    await app.ready()
    apps.set(name, app)
  }
  await add('patient', await patient.create(ports, { breakGlassMinutes: 30, breakGlassPerHour: 10 }, serving))
  await add('emr', await emr.create(ports, {}, { ...serving, ownedElsewhere: [...patientTypes, ...pharmacyTypes] }))
  const owned: { explaining?: RunningService } = {}
  const startExplain = async (): Promise<void> => {
    owned.explaining = await explain.create(ports, { ...defaults, ...settings })
    await add('explain', owned.explaining)
    await owned.explaining.start?.()
  }
  await startExplain()
  const send = async (service: string, url: string, how: Ask): Promise<Reply> => {
    const { method = 'GET', role = 'clinician', subject, payload, headers = {} } = how
    const token = JSON.stringify(callerOf(role, subject))
    const type = service === 'explain' ? 'application/json' : 'application/fhir+json'
    const answer = await apps.get(service)?.inject({
      ...{ method, url },
      headers: { 'x-xinglin-caller': token, ...(payload === undefined ? {} : { 'content-type': type }), ...headers },
      ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
    })
    if (answer === undefined) throw new Error(`${service} is not here`)
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? {} : answer.json() }
  }
  return {
    ...{ database, entries },
    ask: (url, how = {}) => send('explain', url, how),
    async fhir(url, how = {}) {
      const service = /^\/fhir\/Patient\b/.test(url) ? 'patient' : 'emr'
      const reply = await send(service, url, how)
      return { ...reply, resource: reply.body as unknown as Resource }
    },
    async restart() {
      await owned.explaining?.close?.()
      await startExplain()
    },
    async close() {
      await owned.explaining?.close?.()
      await calls.close()
      await pool.close()
      await database.close()
    },
  }
}

const defaults = {
  batchRows: 512,
  directEvaluations: 200_000,
  maxEvaluations: 5_000_000,
  keepJobsDays: 7,
  riskModel: 'icu_mortality_lstm',
  referenceStays: 4,
}
