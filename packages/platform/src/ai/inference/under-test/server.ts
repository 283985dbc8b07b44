// A real inference server for tests: PostgreSQL, blobs on disk, ONNX Runtime in child processes, ports of its own.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { audit, createTrail } from '../../../edge/audit/index.ts'
import { openDiskBlobs } from '../../../engines/disk/index.ts'
import { createOnnx } from '../../../engines/onnxruntime/index.ts'
import type { Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { readSettings } from '../../../kernel/config.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { Ports } from '../../../kernel/ports.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { type InferenceAddresses, inference } from '../index.ts'
import { inferenceSettings } from '../settings.ts'

/** Files by their path below a repository. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** How a server is opened. */
export interface ServerOptions {
  readonly repository?: Files
  readonly shipped?: Files
  readonly environment?: Readonly<Record<string, string>>
}

/** An answer behind the gateway. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
  /** The body as JSON. */
  readonly json: Readonly<Record<string, never>>
}

/** How the service is asked behind the gateway. */
export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly role?: Role
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string | Buffer | object
}

/** A server under test. */
export interface ServerUnderTest {
  readonly addresses: InferenceAddresses
  readonly ports: Ports
  readonly folder: string
  /** Asks as the gateway does: with a caller of one role (default data-scientist). */
  ask(url: string, question?: Question): Promise<Reply>
  /** Asks the own HTTP port. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** Writes files below a folder. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

const callerOf = (role: string) =>
  Object.freeze({ subject: `a-${role}`, name: role, roles: [role as Role], scopes: [], purpose: 'HOPERAT' })

async function waitUntilLoaded(ready: () => Promise<readonly string[]>): Promise<void> {
  for (let turn = 0; turn < 1000 && (await ready()).length > 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function appOf(running: Awaited<ReturnType<typeof inference.create>>) {
  const app = buildServiceApp({
    service: 'inference',
    running,
    verifyCaller: callerOf, // the tests send the role itself
    log: silentLogger,
    clock: systemClock,
  })
  await app.ready()
  return app
}

/** Opens a server; its models are loaded when this resolves. */
export async function serverUnderTest(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-inference-'))
  const [repository, shipped] = [join(folder, 'repository'), join(folder, 'shipped')]
  await writeFiles(repository, options.repository ?? {})
  await writeFiles(shipped, options.shipped ?? {})
  const database = await testDatabase([audit.sql, inference.sql])
  const common = { sql: database.sql, log: silentLogger, clock: systemClock, ids: createIds(systemClock) }
  const trail = createTrail(common)
  const onnx = createOnnx({ log: silentLogger })
  const blobs = await openDiskBlobs(join(folder, 'blobs'))
  const ports = { ...common, blobs, onnx, audit: trail, telemetry: noTelemetry } as unknown as Ports // all it asks for
  const anyPort = { INFERENCE_HTTP_PORT: '0', INFERENCE_GRPC_PORT: '0', INFERENCE_METRICS_PORT: '0' }
  const settings = readSettings({ own: inferenceSettings }, { ...anyPort, ...options.environment }).own
  const running = await inference.create(ports, settings, { repository, shipped, version: '1.2.3' })
  const app = await appOf(running)
  await running.start?.()
  await waitUntilLoaded(async () => (await running.ready?.()) ?? [])
  const addresses = running.addresses()
  return {
    addresses,
    ports,
    folder,
    async ask(url, { method = 'GET', role = 'data-scientist', headers = {}, payload } = {}) {
      const given = payload === undefined ? {} : { payload }
      const answer = await app.inject({ method, url, headers: { 'x-xinglin-caller': role, ...headers }, ...given })
      return {
        status: answer.statusCode,
        headers: answer.headers,
        bytes: answer.rawPayload,
        get json() {
          return JSON.parse(answer.body) as Reply['json']
        },
      }
    },
    fetch: (path, init) => fetch(`${addresses.http}${path}`, init),
    async close() {
      await app.close()
      await running.close?.()
      await onnx.close()
      await trail.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
