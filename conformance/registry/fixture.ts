// What tests of the registry share: registries, databases and servers that are closed also when a test fails.
import assert from 'node:assert/strict'
import { createServer, type RequestListener, Server } from 'node:http'
import type { AddressInfo, Server as TcpServer } from 'node:net'
import type { TestContext } from 'node:test'
import { registry } from '../../packages/platform/src/edge/registry/index.ts'
import { type TestDatabase, testDatabase } from '../../packages/platform/src/testing/database.ts'
import type { HealthCheck } from './chapters/check.ts'
import { type OwnRegistry, type OwnRegistryOptions, startOwnRegistry } from './own-registry.ts'

/** Starts a registry that is closed after the test. */
export async function openRegistry(context: TestContext, options: OwnRegistryOptions = {}): Promise<OwnRegistry> {
  const own = await startOwnRegistry(options)
  context.after(own.close)
  return own
}

/** Opens a database that is closed after the registries on it. */
export async function openDatabase(
  context: TestContext,
): Promise<{ readonly database: TestDatabase; start(options?: OwnRegistryOptions): Promise<OwnRegistry> }> {
  const database = await testDatabase([registry.sql])
  const opened: OwnRegistry[] = []
  context.after(async () => {
    for (const { close } of opened) await close()
    await database.close()
  })
  return {
    database,
    async start(options = {}) {
      const own = await startOwnRegistry({ ...options, database })
      opened.push(own)
      return own
    },
  }
}

/** Lets a server listen on a free port until the test is over. */
export async function listening(context: TestContext, server: Server | TcpServer): Promise<number> {
  context.after(() => {
    server.close()
    if (server instanceof Server) server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Serves HTTP on a free port until the test is over. */
export const serving = (context: TestContext, onRequest: RequestListener): Promise<number> =>
  listening(context, createServer(onRequest))

/** Registers a service, which must be accepted. */
export async function register({ client }: OwnRegistry, body: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await client.put('/v1/agent/service/register', body)
  assert.equal(answer.status, 200, answer.text)
}

/** The first check of a service. */
export async function checkOf({ client }: OwnRegistry, name: string): Promise<HealthCheck | undefined> {
  return (await client.get(`/v1/health/checks/${name}`)).json<readonly HealthCheck[]>()[0]
}
