// Our own gateway on a real PostgreSQL with a small service behind it: for the checks when no other gateway is named, and for the bench.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type GatewayExtra, gateway, type RunningGateway } from '../../packages/platform/src/edge/gateway/index.ts'
import { attachCaller, attachedCaller } from '../../packages/platform/src/kernel/attached-caller.ts'
import { systemClock } from '../../packages/platform/src/kernel/clock.ts'
import { readSettings } from '../../packages/platform/src/kernel/config.ts'
import { createIds } from '../../packages/platform/src/kernel/ids.ts'
import { signInternalToken } from '../../packages/platform/src/kernel/internal-token.ts'
import type { AuditEntry, Instance, Ports, Registry } from '../../packages/platform/src/kernel/ports.ts'
import type { Sql } from '../../packages/platform/src/kernel/sql.ts'
import { noTelemetry } from '../../packages/platform/src/kernel/telemetry/index.ts'
import { type TestDatabase, testDatabase } from '../../packages/platform/src/testing/database.ts'
import { silentLogger } from '../../packages/platform/src/testing/silent-logger.ts'

/** A gateway under test. */
export interface OwnGateway {
  readonly url: string
  readonly adminUrl: string
  readonly grpcUrl: string
  readonly sql: Sql
  readonly audits: readonly AuditEntry[]
  readonly running: RunningGateway
  close(): Promise<void>
}

/** What may differ from one gateway under test to another. */
export interface OwnGatewayOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly extra?: Partial<GatewayExtra>
  readonly registry?: Registry
  readonly telemetry?: Ports['telemetry']
  /** A database that others use too; it is not closed. */
  readonly database?: TestDatabase
}

/** Key of the internal tokens of gateways under test. */
export const internalKey = new Uint8Array(32).fill(7)

/** A registry that knows what it is given. */
export function fixedRegistry(instances: readonly Instance[]): Registry {
  const find = (service: string) => instances.filter((one) => one.service === service)
  return {
    register: async () => undefined,
    deregister: async () => undefined,
    instances: find,
    watch: (service, onChange) => {
      onChange(find(service))
      return () => undefined
    },
  }
}

/** A service in this process that tells what it was asked. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
  })
  request.once('error', (error: Error & { status?: number }) => {
    response.statusCode = error.status ?? 500
    response.end(JSON.stringify({ error: error.message }))
  })
  request.once('end', () => {
    const caller = attachedCaller(request)
    if (response.headersSent) return
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ method: request.method, url: request.url, caller, headers: request.headers, bodyBytes: size }),
    )
  })
}

/** Starts a gateway on free ports. */
export async function startOwnGateway(options: OwnGatewayOptions = {}): Promise<OwnGateway> {
  const database = options.database ?? (await testDatabase([gateway.sql]))
  const audits: AuditEntry[] = []
  const ports: Ports = {
    sql: database.sql,
    blobs: undefined as unknown as Ports['blobs'], // the gateway stores no bytes
    events: { publish: async () => undefined, subscribe: () => undefined }, // nobody else is there
    onnx: undefined as unknown as Ports['onnx'], // and runs no graph
    models: undefined as unknown as Ports['models'],
    audit: {
      append: async (tx, entries) => tx.afterCommit(() => audits.push(...entries)),
      record: async (entry) => {
        audits.push(entry)
      },
    },
    registry: options.registry ?? fixedRegistry([]),
    call: () => async () => new Response(),
    telemetry: options.telemetry ?? noTelemetry,
    log: silentLogger,
    clock: systemClock,
    ids: createIds(systemClock),
  }
  const anyPort = { PORT: '0', KONG_ADMIN_PORT: '0', GATEWAY_GRPC_PORT: '0' }
  const settings = readSettings({ gateway: gateway.settings }, { ...anyPort, ...options.settings })
  const running = await gateway.create(ports, settings.gateway, {
    localHandler: (service) => (service === 'patient' || service === 'emr' ? echo : undefined),
    routes: [
      { service: 'patient', paths: ['/api/v1/patients', '/fhir/Patient'] },
      { service: 'emr', paths: ['/fhir'] },
    ],
    signCaller: (caller) => signInternalToken(caller, internalKey),
    attachCaller,
    ...options.extra,
  })
  await running.start?.()
  const { url, adminUrl, grpcUrl } = running.addresses()
  return {
    url,
    adminUrl,
    grpcUrl,
    sql: database.sql,
    audits,
    running,
    async close() {
      await running.close?.()
      if (options.database === undefined) await database.close()
    },
  }
}
