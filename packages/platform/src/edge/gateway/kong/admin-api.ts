// The admin API in Kong's shape: its addresses and answers; rules are in changes.ts, SQL in store.ts.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isSameSecret } from '../../../kernel/bearer-token.ts'
import type { Caller } from '../../../kernel/caller.ts'
import { isOwnRequest } from '../../../kernel/local-request.ts'
import type { Ports } from '../../../kernel/ports.ts'
import { errorAnswer } from '../../../kernel/problem.ts'
import { newTraceId } from '../../../kernel/trace.ts'
import { type AdminTarget, parseAdminPath } from './admin-path.ts'
import { createEntity, deletedWith, findAmong, findEntity, patchEntity } from './changes.ts'
import type { Entity, KongState } from './entities.ts'
import type { SentFields } from './fields.ts'
import { demandUnguarded } from './guarded-address.ts'
import { KongError, notFound } from './kong-error.ts'
import { findMembership, membershipAnswer, membershipFieldsOf, membersOf } from './memberships.ts'
import { pageOf } from './page.ts'
import { pluginConfigs } from './plugin-schemas.ts'
import { readFields } from './request-body.ts'
import { changeState, deleteEntities, isFull, loadState, putEntity } from './store.ts'
import { type HealthParts, type HealthTarget, healthReport, parseHealthPath, setHealth } from './target-health.ts'

/** What the admin API needs. */
export interface AdminParts {
  readonly ports: Pick<Ports, 'sql' | 'ids' | 'clock' | 'log' | 'audit' | 'telemetry'>
  /** Called after a change is committed and before it is answered, so that it acts at once. */
  readonly reload: () => Promise<void>
  readonly health: HealthParts
  readonly allowedHosts: readonly string[]
  /** Wanted in the header `Kong-Admin-Token` where it is set. */
  readonly token: string | undefined
  /** Whether services may lie at link-local, unspecified and cloud metadata addresses. */
  readonly allowsLinkLocal: boolean
}

interface Answer {
  readonly status: number
  /** JSON, unless `text` is there. */
  readonly body?: unknown
  readonly text?: { readonly contentType: string; readonly text: string }
}

type Change = (tx: Parameters<Parameters<typeof changeState>[1]>[0], state: KongState) => Promise<Answer>

const version = '3.9.3'
const keyBytes = 24

const adminCaller: Caller = Object.freeze({
  subject: 'gateway-admin',
  name: 'Gateway administration (loopback port)',
  roles: Object.freeze(['operator'] as const),
  scopes: Object.freeze([]),
  purpose: 'HSYSADMIN',
})

const methodNotAllowed = (): KongError => new KongError(405, { message: 'Method not allowed' })
const newKey = (): string => randomBytes(keyBytes).toString('base64url')

function scopedFields(target: AdminTarget, sent: SentFields, state: KongState): SentFields {
  if (target.parent === undefined) return sent
  const parent = findEntity(state, target.parent.kind, target.parent.key)
  if (parent === undefined) throw notFound()
  return { ...sent, values: { ...sent.values, [target.parent.field]: { id: parent.id } } }
}

function entitiesOf(target: AdminTarget, state: KongState): readonly Entity[] {
  const all: readonly Entity[] = state[target.kind]
  if (target.parent === undefined) return all
  const { kind, key, field } = target.parent
  const parent = findEntity(state, kind, key)
  if (parent === undefined) throw notFound()
  return all.filter((one) => (one[field] as { id?: string } | null)?.id === parent.id)
}

function findIn(target: AdminTarget, state: KongState): Entity | undefined {
  if (target.key === undefined) return undefined
  const list = entitiesOf(target, state)
  if (target.kind === 'consumer_group_consumers') return findMembership(target, list, state)
  return findAmong(list, target.kind, target.key)
}

function createIn(target: AdminTarget, sent: SentFields, { ports, allowsLinkLocal }: AdminParts): Change {
  return async (tx, state) => {
    if (isFull(state)) throw new KongError(400, { message: 'Too many entities are defined; delete some first' })
    const made = { id: ports.ids.uuid(), nowSeconds: Math.floor(ports.clock.now().getTime() / 1000), newKey }
    const fields = scopedFields(target, membershipFieldsOf(target, sent), state)
    const entity = createEntity(target.kind, fields, state, made)
    if (!allowsLinkLocal) demandUnguarded(target.kind, entity)
    await putEntity(tx, target.kind, entity)
    return { status: 201, body: membershipAnswer(target, entity, state) }
  }
}

function patchIn(target: AdminTarget, sent: SentFields, { ports, allowsLinkLocal }: AdminParts): Change {
  return async (tx, state) => {
    const before = findIn(target, state)
    if (before === undefined) throw notFound()
    const nowSeconds = Math.floor(ports.clock.now().getTime() / 1000)
    const entity = patchEntity(target.kind, sent, state, { before, nowSeconds })
    if (!allowsLinkLocal) demandUnguarded(target.kind, entity)
    await putEntity(tx, target.kind, entity)
    return { status: 200, body: entity }
  }
}

function deleteIn(target: AdminTarget): Change {
  return async (tx, state) => {
    const entity = findIn(target, state)
    if (entity === undefined) return { status: 204 } // as Kong: what is not there is deleted
    await deleteEntities(tx, deletedWith(target.kind, entity, state))
    return { status: 204 }
  }
}

async function change(parts: AdminParts, request: IncomingMessage, work: Change): Promise<Answer> {
  const { ports, reload } = parts
  const answer = await changeState(ports.sql, async (tx, state) => {
    const done = await work(tx, state)
    const entry = { caller: adminCaller, outcome: 'success', status: done.status } as const
    const action = request.method === 'POST' ? 'C' : request.method === 'DELETE' ? 'D' : 'U'
    await ports.audit.append(tx, [
      { ...entry, action, interaction: 'gateway-admin', query: `${request.method} ${request.url}` },
    ])
    return done
  })
  await reload()
  return answer
}

async function read(parts: AdminParts, target: AdminTarget, query: URLSearchParams): Promise<Answer> {
  const state = await loadState(parts.ports.sql)
  const list = (): readonly Entity[] => membersOf(target, entitiesOf(target, state), state)
  if (target.key === undefined) return { status: 200, body: pageOf(list(), query, target.path) }
  const found = findIn(target, state)
  if (found === undefined) throw notFound()
  return { status: 200, body: found }
}

async function information(parts: AdminParts, path: string): Promise<Answer> {
  const names = Object.keys(pluginConfigs)
  if (path === '/') {
    const available = Object.fromEntries(names.map((name) => [name, { version, priority: 1000 }]))
    return {
      status: 200,
      body: {
        tagline: 'Welcome to kong',
        version,
        edition: 'xinglin',
        plugins: { available_on_server: available, enabled_in_cluster: names },
      },
    }
  }
  const [row] = await parts.ports.sql.query<{ one: number }>({ text: 'SELECT 1 AS one' })
  return {
    status: 200,
    body: { database: { reachable: row?.one === 1 }, server: { connections_handled: 0 }, memory: {} },
  }
}

async function answerHealth(parts: AdminParts, method: string, asked: HealthTarget): Promise<Answer> {
  const state = await loadState(parts.ports.sql)
  if (asked.kind === 'report') {
    if (method !== 'GET') throw methodNotAllowed()
    return { status: 200, body: healthReport(asked.upstream, state, parts.health) }
  }
  if (method !== 'PUT' && method !== 'POST') throw methodNotAllowed()
  setHealth(asked, state, parts.health)
  return { status: 204 }
}

async function answerTo(parts: AdminParts, request: IncomingMessage): Promise<Answer> {
  const { method = 'GET', url: asked = '/' } = request
  if (!asked.startsWith('/')) throw notFound()
  const url = new URL(`http://admin${asked}`) // any path is one behind a host
  if (['/', '/status', '/metrics'].includes(url.pathname)) {
    if (method !== 'GET') throw methodNotAllowed()
    if (url.pathname === '/metrics') return { status: 200, text: await parts.ports.telemetry.metrics.exposition() }
    return information(parts, url.pathname)
  }
  const health = parseHealthPath(url.pathname)
  if (health !== undefined) return answerHealth(parts, method, health)
  const target = parseAdminPath(url.pathname)
  if (target === undefined) throw notFound()
  if (method === 'GET') return read(parts, target, url.searchParams)
  if (method === 'POST' && target.key === undefined) {
    return change(parts, request, createIn(target, await readFields(request), parts))
  }
  if (method === 'PATCH' && target.key !== undefined) {
    return change(parts, request, patchIn(target, await readFields(request), parts))
  }
  if (method === 'DELETE' && target.key !== undefined) return change(parts, request, deleteIn(target))
  throw methodNotAllowed()
}

function checkOrigin(parts: AdminParts, { headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site']
  const secFetchSite = typeof site === 'string' ? site : undefined
  if (!isOwnRequest({ host: headers.host, origin: headers.origin, secFetchSite }, parts.allowedHosts)) {
    throw new KongError(403, { message: 'The admin API does not answer pages of other sites or unknown host names' })
  }
  const sent = headers['kong-admin-token']
  if (parts.token !== undefined && !(typeof sent === 'string' && isSameSecret(sent, parts.token))) {
    throw new KongError(401, { message: 'Unauthorized' })
  }
}

/** Answers one request of the admin port. */
export async function handleAdmin(
  parts: AdminParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    checkOrigin(parts, request)
    const { status, body, text } = await answerTo(parts, request)
    const type = text?.contentType ?? (body === undefined ? undefined : 'application/json; charset=utf-8')
    response.writeHead(status, type === undefined ? {} : { 'content-type': type })
    response.end(text?.text ?? (body === undefined ? undefined : JSON.stringify(body)))
  } catch (error) {
    answerFault(parts, error, response)
  }
}

function answerFault(parts: AdminParts, error: unknown, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (error instanceof KongError) {
    response.writeHead(error.status, { 'content-type': 'application/json; charset=utf-8' })
    response.end(JSON.stringify(error.body))
    return
  }
  const traceId = newTraceId()
  parts.ports.log.error('gateway.admin.failed', { traceId, error })
  const answer = errorAnswer(error, { style: 'problem', traceId })
  response.writeHead(answer.status, answer.headers)
  response.end(JSON.stringify({ message: 'An unexpected error occurred', traceId }))
}
