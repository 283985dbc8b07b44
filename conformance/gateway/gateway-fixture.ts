// A gateway on a real PostgreSQL with an upstream of its own, for the tests of the gateway.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gateway } from '../../packages/platform/src/edge/gateway/index.ts'
import { type TestDatabase, testDatabase } from '../../packages/platform/src/testing/database.ts'
import { fixedRegistry, type OwnGateway, startOwnGateway } from './own-gateway.ts'

/** A JSON answer, read without ceremony. */
export type Answer = Record<string, never> & Record<string, unknown>

/** What the upstream was asked. */
export interface Upstream {
  readonly port: number
  readonly seen: { url: string; headers: Record<string, unknown>; body: string }[]
}

/** The gateway and what is around it. */
export interface GatewayFixture {
  readonly own: OwnGateway
  readonly database: TestDatabase
  readonly upstream: Upstream
  /** Calls the admin port, with a form where one is given. */
  admin(method: string, path: string, form?: string): Promise<{ status: number; body: Answer }>
  /** Reads through the gateway. */
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: Answer; headers: Headers }>
  close(): Promise<void>
}

function startUpstream(seen: Upstream['seen']): Promise<Server> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ url: request.url ?? '', headers: request.headers, body })
      if (request.url === '/hang') return
      response.writeHead(200, {
        'content-type': 'text/plain',
        connection: 'close, x-secret',
        'x-secret': '1',
        'x-kept': '2',
      })
      response.end(`saw ${request.url}`)
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function startGateway(database: TestDatabase, port: number): Promise<OwnGateway> {
  const instance = { address: '127.0.0.1', healthy: true, tags: [] }
  return startOwnGateway({
    database,
    extra: {
      routes: [
        { service: 'patient', paths: ['/api/v1/patients', '/fhir/Patient'] },
        { service: 'emr', paths: ['/fhir'] },
        { service: 'far', paths: ['/far'] },
      ],
    },
    registry: fixedRegistry([
      { ...instance, id: 'down', service: 'far', port: 1 },
      { ...instance, id: 'up', service: 'far', port },
      { ...instance, id: 'x', service: 'lab-machine', port },
    ]),
  })
}

/** Starts all of it. */
export async function gatewayFixture(): Promise<GatewayFixture> {
  const seen: Upstream['seen'] = []
  const server = await startUpstream(seen)
  const { port } = server.address() as AddressInfo
  const database = await testDatabase([gateway.sql])
  const own = await startGateway(database, port)
  return {
    own,
    database,
    upstream: { port, seen },
    async admin(method, path, form) {
      const response = await fetch(`${own.adminUrl}${path}`, {
        method,
        ...(form === undefined ? {} : { body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    },
    async get(path, headers = {}) {
      const response = await fetch(`${own.url}${path}`, { headers, redirect: 'manual' })
      const text = await response.text()
      const isJson = /json/.test(response.headers.get('content-type') ?? '')
      return { status: response.status, body: isJson ? JSON.parse(text) : { text }, headers: response.headers }
    },
    async close() {
      await own.close()
      await database.close()
      server.closeAllConnections()
      server.close()
    },
  }
}
