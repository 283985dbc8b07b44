// Our own record store behind HTTP on a fresh PostgreSQL: what the suite checks when no other server is named.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attachCaller } from '../../packages/platform/src/kernel/attached-caller.ts'
import type { Caller } from '../../packages/platform/src/kernel/caller.ts'
import { systemClock } from '../../packages/platform/src/kernel/clock.ts'
import { buildServiceApp } from '../../packages/platform/src/kernel/http.ts'
import { createIds } from '../../packages/platform/src/kernel/ids.ts'
import type { Audit, Events } from '../../packages/platform/src/kernel/ports.ts'
import {
  createPreparePool,
  fhirRoutes,
  openRecords,
  recordsSql,
  type WriteRule,
} from '../../packages/platform/src/records/index.ts'
import { testDatabase } from '../../packages/platform/src/testing/database.ts'
import { silentLogger } from '../../packages/platform/src/testing/silent-logger.ts'
import type { Target } from './suite/client.ts'

/** A server of ours under test. */
export interface OwnServer {
  readonly target: Required<Target>
  close(): Promise<void>
}

const patient = 'suite-patient'
const unbound: Caller = { subject: 'suite', name: 'Suite', roles: ['system'], scopes: [], purpose: 'TREAT' }
const callers: Readonly<Record<string, Caller>> = {
  full: unbound,
  patient: { ...unbound, subject: 'suite-patient', roles: ['patient'], patient },
}

// The checks look at the trail by nothing but its tables in other suites; here it need only take what it is told.
const audit: Audit = { append: async () => undefined, record: async () => undefined }
const events: Events = { publish: async () => undefined, subscribe: () => undefined }

/** Starts the server on a free port of the loopback. */
export async function startOwnServer(rules: readonly WriteRule[] = []): Promise<OwnServer> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
  const database = await testDatabase([recordsSql])
  const pool = createPreparePool({ size: 1 })
  const common = { audit, events, clock: systemClock, ids: createIds(systemClock), rules, pool }
  const { records, search } = openRecords({ ...common, sql: database.sql, baseUrl, cursorKey: 'the key of the suite' })
  const routes = fhirRoutes({
    records,
    search,
    audit,
    baseUrl,
    types: records.types,
    system: true,
    version: '0.0.0',
    date: new Date(),
  })
  const app = buildServiceApp({
    service: 'suite',
    running: { routes },
    verifyCaller: () => unbound, // no token comes this way: callers are attached below
    log: silentLogger,
    clock: systemClock,
  })
  await app.ready()
  server.on('request', (request, response) => {
    const caller = callerOf(request)
    if (caller !== undefined) attachCaller(request, caller)
    app.routing(request, response)
  })
  return {
    target: { base: baseUrl, token: 'full', patientToken: 'patient', patient },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await app.close()
      await pool.close()
      await database.close()
    },
  }
}

function callerOf(request: IncomingMessage): Caller | undefined {
  const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ')
  return scheme === 'Bearer' && Object.hasOwn(callers, token) ? callers[token] : undefined
}
