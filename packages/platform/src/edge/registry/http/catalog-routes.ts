// /v1/catalog, /v1/health and /v1/status: what there is and how well it is.
import { parseStatus } from '../definitions/check.ts'
import { catalogServiceJson, checkJson, healthServiceJson, nodeJson, serfCheckJson, worstOf } from '../shapes.ts'
import {
  type RegisteredCheck,
  type RegisteredService,
  readChecks,
  readServiceNames,
  readServices,
} from '../store/catalog-store.ts'
import { serviceTopic, topicIndex } from '../store/changes.ts'
import { readLeader } from '../store/leader-store.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { readFilter } from './filters.ts'
import { datacenter, readFlag } from './query.ts'
import { answerTopics, type Call, param, type Route, type RouteParts } from './route.ts'

// Answers topics whose index is the greatest of theirs.
function answer(parts: RouteParts, call: Call, topics: readonly string[], value: () => Promise<unknown>) {
  return answerTopics(parts, call, topics, { index: () => topicIndex(parts.sql, topics), value })
}

function hasTags(call: Call): (service: RegisteredService) => boolean {
  const wanted = call.query.getAll('tag').filter((tag) => tag !== '')
  return ({ definition: { tags } }) => wanted.every((tag) => tags.includes(tag))
}

async function healthOf(parts: RouteParts, name: string, keeps: (service: RegisteredService) => boolean) {
  const services = (await readServices(parts.sql, { name })).filter(keeps)
  const checks = await readChecks(parts.sql, { serviceName: name })
  const byService = Map.groupBy(checks, (check) => check.serviceId ?? '')
  return services.map((service): readonly [RegisteredService, readonly RegisteredCheck[]] => [
    service,
    byService.get(service.id) ?? [],
  ])
}

async function healthService(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'service')
  const onlyPassing = readFlag(call.query, 'passing')
  const hasAllTags = hasTags(call)
  const filter = readFilter(call, 'health')
  const { node } = parts
  return answer(parts, call, [serviceTopic(name)], async () => {
    const all = await healthOf(parts, name, hasAllTags)
    const shown = all.filter(([, checks]) => !onlyPassing || worstOf(checks.map(({ status }) => status)) === 'passing')
    return filter(
      shown.map(([service, checks]) => ({
        Node: nodeJson(node),
        Service: healthServiceJson(service),
        Checks: [serfCheckJson(node), ...checks.map((check) => checkJson(node, check))],
      })),
    )
  })
}

async function healthChecks(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'service')
  const filter = readFilter(call, 'check')
  return answer(parts, call, [serviceTopic(name)], async () => {
    const checks = await readChecks(parts.sql, { serviceName: name })
    return filter(checks.map((check) => checkJson(parts.node, check)))
  })
}

async function healthNode(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'node')
  const filter = readFilter(call, 'check')
  return answer(parts, call, ['checks'], async () => {
    if (name !== parts.node.name) return []
    const checks = await readChecks(parts.sql)
    return filter([serfCheckJson(parts.node), ...checks.map((check) => checkJson(parts.node, check))])
  })
}

async function healthState(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'state')
  const status = name === 'any' ? undefined : parseStatus(name)
  const filter = readFilter(call, 'check')
  return answer(parts, call, ['checks'], async () => {
    const checks = await readChecks(parts.sql, status === undefined ? {} : { status })
    const own = status === undefined || status === 'passing' ? [serfCheckJson(parts.node)] : []
    return filter([...own, ...checks.map((check) => checkJson(parts.node, check))])
  })
}

async function catalogServices(parts: RouteParts, call: Call): Promise<Answer> {
  return answer(parts, call, ['services'], async () => {
    const names = await readServiceNames(parts.sql)
    return Object.fromEntries(names.map(({ name, tags }) => [name, tags]))
  })
}

async function catalogService(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'service')
  const hasAllTags = hasTags(call)
  const filter = readFilter(call, 'catalog-service')
  return answer(parts, call, [serviceTopic(name)], async () => {
    const services = (await readServices(parts.sql, { name })).filter(hasAllTags)
    return filter(services.map((service) => catalogServiceJson(parts.node, service)))
  })
}

async function catalogNode(parts: RouteParts, call: Call): Promise<Answer> {
  const name = param(call, 'node')
  const filter = readFilter(call, 'service')
  return answer(parts, call, ['services'], async () => {
    if (name !== parts.node.name) return null
    const shown = filter((await readServices(parts.sql)).map(healthServiceJson))
    return { Node: nodeJson(parts.node), Services: Object.fromEntries(shown.map((one) => [one['ID'], one])) }
  })
}

async function catalogNodes(parts: RouteParts, call: Call): Promise<Answer> {
  const filter = readFilter(call, 'node')
  return answer(parts, call, ['nodes'], async () => filter([nodeJson(parts.node)]))
}

async function leader(parts: RouteParts): Promise<Answer> {
  return jsonAnswer((await readLeader(parts.sql)) ?? '')
}

/** The routes below `/v1/health`, `/v1/catalog` and `/v1/status`. */
export const catalogRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/health/service/*service', query: ['passing', 'tag', 'filter'], handle: healthService },
  { method: 'GET', path: '/v1/health/checks/*service', query: ['filter'], handle: healthChecks },
  { method: 'GET', path: '/v1/health/node/:node', query: ['filter'], handle: healthNode },
  { method: 'GET', path: '/v1/health/state/:state', query: ['filter'], handle: healthState },
  { method: 'GET', path: '/v1/catalog/services', handle: catalogServices },
  { method: 'GET', path: '/v1/catalog/service/*service', query: ['tag', 'filter'], handle: catalogService },
  { method: 'GET', path: '/v1/catalog/nodes', query: ['filter'], handle: catalogNodes },
  { method: 'GET', path: '/v1/catalog/node/:node', query: ['filter'], handle: catalogNode },
  { method: 'GET', path: '/v1/catalog/datacenters', handle: async () => jsonAnswer([datacenter]) },
  { method: 'GET', path: '/v1/status/leader', handle: leader },
  { method: 'GET', path: '/v1/status/peers', handle: async (parts) => jsonAnswer([parts.ownAddress()]) },
]
