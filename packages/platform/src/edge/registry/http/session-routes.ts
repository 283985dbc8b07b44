// /v1/session: sessions that hold locks.
import { badRequest, ConsulError } from '../consul-error.ts'
import { type Fields, fault, fieldsOf } from '../definitions/fields.ts'
import { parseDuration } from '../duration.ts'
import { sessionJson } from '../shapes.ts'
import { changeRegistry, topicIndex } from '../store/changes.ts'
import {
  createSession,
  destroySession,
  type NewSession,
  readSessions,
  renewSession,
  serfHealth,
} from '../store/session-store.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { readJson } from './body.ts'
import { answerTopics, type Call, param, type Route, type RouteParts } from './route.ts'

const defaultLockDelayMs = 15_000
const maxLockDelayMs = 600_000
const maxTtlMs = 86_400_000
const maxChecks = 64
// A plain number below this is of seconds, above it of nanoseconds, as Consul reads it.
const secondsBelow = 6e10
const checkId = { min: 1, max: 256 }

function readLockDelay(fields: Fields): number {
  const sent = fields.raw('LockDelay') ?? ''
  if (sent === '') return defaultLockDelayMs
  const ms =
    typeof sent === 'number'
      ? sent < secondsBelow
        ? sent * 1000
        : sent / 1e6
      : typeof sent === 'string'
        ? parseDuration(sent)
        : undefined
  if (ms === undefined || !(ms >= 0 && ms <= maxLockDelayMs)) throw fault('LockDelay', 'must be from "0s" to "10m"')
  return ms
}

function readTtl(fields: Fields, minMs: number): Pick<NewSession, 'ttl' | 'ttlMs'> {
  const ttl = fields.text('TTL', { max: 32 }) ?? ''
  if (ttl === '') return { ttl, ttlMs: undefined }
  const ttlMs = parseDuration(ttl)
  if (ttlMs === 0) return { ttl, ttlMs: undefined }
  if (ttlMs !== undefined && ttlMs >= minMs && ttlMs <= maxTtlMs) return { ttl, ttlMs }
  throw badRequest(`Invalid Session TTL '${ttl}', must be between [10s=24h0m0s]`)
}

function readBehavior(fields: Fields): NewSession['behavior'] {
  const behavior = fields.text('Behavior', { max: 32 }) ?? ''
  if (behavior === '' || behavior === 'release') return 'release'
  if (behavior === 'delete') return 'delete'
  throw badRequest(`Invalid Behavior setting '${behavior}'`)
}

function readServiceChecks(fields: Fields): readonly string[] {
  const checks = fields.objects('ServiceChecks', maxChecks) ?? []
  return checks.map((check) => {
    const id = check.text('ID', checkId) ?? ''
    check.end(['Namespace'])
    if (id === '') throw fault('ServiceChecks', 'must name the ID of each check')
    return id
  })
}

function readSession(body: unknown, parts: RouteParts): NewSession {
  const fields = fieldsOf(body ?? {})
  const node = fields.text('Node', { max: 256 }) ?? ''
  if (node !== '' && node !== parts.node.name) throw badRequest(`Missing node registration of '${node}'`)
  const nodeChecks = fields.texts('NodeChecks', maxChecks, checkId) ?? fields.texts('Checks', maxChecks, checkId)
  fields.raw('Checks')
  const session: NewSession = {
    name: fields.text('Name', { max: 256 }) ?? '',
    behavior: readBehavior(fields),
    lockDelayMs: readLockDelay(fields),
    ...readTtl(fields, parts.shortest.sessionTtlMs),
    nodeChecks: nodeChecks ?? [serfHealth],
    serviceChecks: readServiceChecks(fields),
  }
  fields.end(['ID', 'Namespace', 'Partition', 'CreateIndex', 'ModifyIndex'])
  return session
}

async function create(parts: RouteParts, { request }: Call): Promise<Answer> {
  const session = readSession(await readJson(request), parts)
  const id = parts.ids.uuid()
  await changeRegistry(parts.sql, (change) => createSession(change, id, session))
  return jsonAnswer({ ID: id })
}

async function destroy({ sql }: RouteParts, call: Call): Promise<Answer> {
  const id = param(call, 'session')
  await changeRegistry(sql, (change) => destroySession(change, id))
  return jsonAnswer(true)
}

async function renew({ sql, node }: RouteParts, call: Call): Promise<Answer> {
  const id = param(call, 'session')
  const renewed = await renewSession(sql, id)
  if (renewed.length === 0) throw new ConsulError(404, `Session id '${id.slice(0, 64)}' not found`)
  return jsonAnswer(renewed.map((session) => sessionJson(node, session)))
}

function show(parts: RouteParts, call: Call, id: string | undefined, isOwnNode = true): Promise<Answer> {
  const { sql, node } = parts
  return answerTopics(parts, call, ['sessions'], {
    index: () => topicIndex(sql, ['sessions']),
    value: async () => (isOwnNode ? (await readSessions(sql, id)).map((session) => sessionJson(node, session)) : []),
  })
}

/** The routes below `/v1/session`. */
export const sessionRoutes: readonly Route[] = [
  { method: 'PUT', path: '/v1/session/create', handle: create },
  { method: 'PUT', path: '/v1/session/destroy/:session', handle: destroy },
  { method: 'PUT', path: '/v1/session/renew/:session', handle: renew },
  {
    method: 'GET',
    path: '/v1/session/info/:session',
    handle: (parts, call) => show(parts, call, param(call, 'session')),
  },
  { method: 'GET', path: '/v1/session/list', handle: (parts, call) => show(parts, call, undefined) },
  {
    method: 'GET',
    path: '/v1/session/node/:node',
    handle: (parts, call) => show(parts, call, undefined, param(call, 'node') === parts.node.name),
  },
]
