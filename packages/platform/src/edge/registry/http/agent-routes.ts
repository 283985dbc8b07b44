// /v1/agent: registering services and checks, heartbeats, maintenance, and what this agent knows.
import { guardedReason, isGuardedHost } from '../../../kernel/guarded-address.ts'
import { badRequest, ConsulError } from '../consul-error.ts'
import { parseStatus, readCheck, type Status } from '../definitions/check.ts'
import { fieldsOf } from '../definitions/fields.ts'
import { readService } from '../definitions/service.ts'
import { agentServiceJson, checkJson } from '../shapes.ts'
import { readChecks, readServices } from '../store/catalog-store.ts'
import { changeRegistry } from '../store/changes.ts'
import { maxOutputLength, recordHeartbeat } from '../store/check-store.ts'
import { deregisterCheck, deregisterService, registerCheck, registerService } from '../store/registrations.ts'
import { emptyAnswer, jsonAnswer } from './answer.ts'
import { readJson } from './body.ts'
import { readFilter } from './filters.ts'
import { datacenter, readFlag } from './query.ts'
import { type Call, param, type Route, type RouteParts } from './route.ts'

/** The version of Consul whose answers these are. */
export const consulVersion = '1.14.11'

const maintenanceId = (id: string): string => `_service_maintenance:${id}`

const unknownService = (id: string): ConsulError =>
  new ConsulError(
    404,
    `Unknown service ID ${JSON.stringify(id)}. Ensure that the service ID is passed, not the service name.`,
  )

const unknownCheck = (id: string): ConsulError =>
  new ConsulError(
    404,
    `Unknown check ID ${JSON.stringify(id)}. Ensure that the check ID is passed, not the check name.`,
  )

async function register({ sql, shortest, allowsLinkLocal }: RouteParts, { request, query }: Call) {
  const replaces = readFlag(query, 'replace-existing-checks')
  const service = readService(await readJson(request), shortest)
  if (!allowsLinkLocal && isGuardedHost(service.definition.address))
    throw badRequest(`Invalid service address: ${guardedReason}`)
  await changeRegistry(sql, (change) => registerService(change, service, replaces))
  return emptyAnswer
}

async function deregister({ sql }: RouteParts, call: Call) {
  const id = param(call, 'service')
  if (!(await changeRegistry(sql, (change) => deregisterService(change, id)))) throw unknownService(id)
  return emptyAnswer
}

async function maintain({ sql }: RouteParts, call: Call) {
  const id = param(call, 'service')
  if (!call.query.has('enable')) throw badRequest('Missing value for enable')
  const isOn = readFlag(call.query, 'enable')
  const reason = call.query.get('reason') ?? ''
  if (reason.length > 256) throw badRequest('Invalid value for ?reason: at most 256 characters')
  const notes = reason === '' ? 'Maintenance mode is enabled for this service, but no reason was provided.' : reason
  await changeRegistry(sql, async (change) => {
    if ((await readServices(change.tx, { id })).length === 0) throw unknownService(id)
    if (!isOn) return deregisterCheck(change, maintenanceId(id))
    const definition = {
      name: 'Service Maintenance Mode',
      notes,
      probe: { kind: 'maintenance' } as const,
      successesBeforePassing: 0,
      failuresBeforeCritical: 0,
    }
    const check = { id: maintenanceId(id), definition, initialStatus: 'critical', initialOutput: '' } as const
    return registerCheck(change, { ...check, deregisterAfterMs: undefined }, id)
  })
  return emptyAnswer
}

async function registerOneCheck({ sql, shortest }: RouteParts, { request }: Call) {
  const fields = fieldsOf(await readJson(request))
  const serviceId = fields.text('ServiceID', { max: 256 }) ?? ''
  const check = readCheck(fields, shortest, () => {
    throw badRequest('Missing check name')
  })
  const id = check.id ?? check.definition.name
  await changeRegistry(sql, async (change) => {
    const [other] = await readChecks(change.tx, { id })
    if (other !== undefined && (other.serviceId ?? '') !== serviceId) {
      throw badRequest(`Invalid check: the CheckID "${id}" belongs to another service`)
    }
    await registerCheck(change, { ...check, id }, serviceId === '' ? undefined : serviceId)
  })
  return emptyAnswer
}

async function deregisterOneCheck({ sql }: RouteParts, call: Call) {
  const id = param(call, 'check')
  if (!(await changeRegistry(sql, (change) => deregisterCheck(change, id)))) throw unknownCheck(id)
  return emptyAnswer
}

async function beat({ sql }: RouteParts, id: string, status: Status, output: string) {
  const [check] = await readChecks(sql, { id })
  if (check === undefined) throw unknownCheck(id)
  if (check.definition.probe.kind !== 'ttl') throw badRequest(`CheckID "${id}" does not have associated TTL`)
  await recordHeartbeat(sql, id, { status, output })
  return emptyAnswer
}

const heartbeat = (status: Status) => (parts: RouteParts, call: Call) =>
  beat(parts, param(call, 'check'), status, (call.query.get('note') ?? '').slice(0, maxOutputLength))

async function update(parts: RouteParts, call: Call) {
  const fields = fieldsOf(await readJson(call.request))
  const status = parseStatus(fields.text('Status', { max: 40 }) ?? '')
  const output = fields.text('Output', { max: 65_536, isMultiline: true }) ?? ''
  fields.end()
  return beat(parts, param(call, 'check'), status, output)
}

async function listServices({ sql }: RouteParts, call: Call) {
  const filter = readFilter(call, 'agent-service')
  const services = filter((await readServices(sql)).map(agentServiceJson))
  return jsonAnswer(Object.fromEntries(services.map((service) => [service['ID'], service])))
}

async function showService({ sql }: RouteParts, call: Call) {
  const id = param(call, 'service')
  const [service] = await readServices(sql, { id })
  if (service === undefined) throw new ConsulError(404, `unknown service ID: ${id}`)
  return jsonAnswer(agentServiceJson(service))
}

async function listChecks({ sql, node }: RouteParts, call: Call) {
  const filter = readFilter(call, 'check')
  const checks = filter((await readChecks(sql)).map((check) => checkJson(node, check)))
  return jsonAnswer(Object.fromEntries(checks.map((check) => [check['CheckID'], check])))
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

function memberJson({ node, ownAddress }: RouteParts) {
  return {
    Name: node.name,
    Addr: node.address,
    Port: portOf(ownAddress()),
    Tags: { build: `${consulVersion}:xinglin`, dc: datacenter, id: node.id, role: 'consul' },
    Status: 1, // alive
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  }
}

async function showSelf(parts: RouteParts) {
  const { node } = parts
  const config = {
    Datacenter: datacenter,
    PrimaryDatacenter: datacenter,
    NodeName: node.name,
    NodeID: node.id,
    Revision: 'xinglin',
    Server: true,
    Version: consulVersion,
  }
  return jsonAnswer({ Config: config, Member: memberJson(parts), Meta: { 'consul-network-segment': '' } })
}

/** The routes below `/v1/agent`. */
export const agentRoutes: readonly Route[] = [
  { method: 'PUT', path: '/v1/agent/service/register', query: ['replace-existing-checks'], handle: register },
  { method: 'PUT', path: '/v1/agent/service/deregister/*service', handle: deregister },
  { method: 'PUT', path: '/v1/agent/service/maintenance/*service', query: ['enable', 'reason'], handle: maintain },
  { method: 'GET', path: '/v1/agent/service/*service', handle: showService },
  { method: 'GET', path: '/v1/agent/services', query: ['filter'], handle: listServices },
  { method: 'GET', path: '/v1/agent/checks', query: ['filter'], handle: listChecks },
  { method: 'GET', path: '/v1/agent/self', handle: showSelf },
  { method: 'GET', path: '/v1/agent/members', handle: async (parts) => jsonAnswer([memberJson(parts)]) },
  { method: 'PUT', path: '/v1/agent/check/register', handle: registerOneCheck },
  { method: 'PUT', path: '/v1/agent/check/deregister/*check', handle: deregisterOneCheck },
  { method: 'PUT', path: '/v1/agent/check/pass/*check', query: ['note'], handle: heartbeat('passing') },
  { method: 'PUT', path: '/v1/agent/check/warn/*check', query: ['note'], handle: heartbeat('warning') },
  { method: 'PUT', path: '/v1/agent/check/fail/*check', query: ['note'], handle: heartbeat('critical') },
  { method: 'PUT', path: '/v1/agent/check/update/*check', handle: update },
]
