// Kong's declarative file (DB-less mode) from the same route table: the product's services, and what was defined at the admin port (pure).
import type { Entity, KongState } from '../kong/entities.ts'
import { type Exported, routeGroups } from './route-groups.ts'

/** A part of the file, in Kong's names. */
export type KongFields = Readonly<Record<string, unknown>>

const upstreamName = 'xinglin.gateway'
const formatVersion = '3.0'
const tags = ['xinglin']
// Of a list that one entity holds, the reference back to it says nothing.
const references = ['service', 'route', 'consumer', 'consumer_group', 'upstream']

// Nothing that is null, that a database gave, or that the place in the file says already.
function fieldsOf(entity: Entity, without: readonly string[] = []): KongFields {
  const dropped = ['id', 'created_at', 'updated_at', ...references, ...without]
  return Object.fromEntries(
    Object.entries(entity)
      .filter(([name, value]) => !dropped.includes(name) && value !== null)
      .map(([name, value]) => [name, withoutNulls(value)]),
  )
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const kept = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]))
}

// Names of environment variables by which Kong's vault finds a secret, so that the file holds none.
function vaultReference(consumer: string, key: string): string {
  const name = `kong-jwt-${consumer}-${key}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `{vault://env/${name}}`
}

const pointsAt = (other: Entity, field: string, id: string): boolean =>
  (other[field] as { id?: string } | null | undefined)?.id === id

function pluginsOf(state: KongState, field: string, id: string): readonly KongFields[] {
  return state.plugins.filter((one) => pointsAt(one, field, id)).map((one) => fieldsOf(one))
}

const some = (name: string, list: readonly unknown[]): KongFields => (list.length === 0 ? {} : { [name]: list })

function definedServices(state: KongState): readonly KongFields[] {
  return state.services.map((service) => {
    const routes = state.routes.filter((route) => pointsAt(route, 'service', service.id))
    const shown = routes.map((route, index) => ({
      name: `${service.name ?? service.id}-${index + 1}`,
      ...fieldsOf(route),
      ...some('plugins', pluginsOf(state, 'route', route.id)),
    }))
    const plugins = pluginsOf(state, 'service', service.id)
    return { name: service.id, ...fieldsOf(service), ...some('routes', shown), ...some('plugins', plugins) }
  })
}

function definedUpstreams(state: KongState): readonly KongFields[] {
  return state.upstreams.map((upstream) => {
    const targets = state.targets.filter((target) => pointsAt(target, 'upstream', upstream.id))
    return {
      ...fieldsOf(upstream),
      ...some(
        'targets',
        targets.map((target) => fieldsOf(target)),
      ),
    }
  })
}

function definedConsumers(state: KongState): readonly KongFields[] {
  return state.consumers.map((consumer) => {
    const name = consumer.username ?? consumer.custom_id ?? consumer.id
    const secrets = state.jwt_secrets.filter((one) => pointsAt(one, 'consumer', consumer.id))
    const credentials = secrets.map((one) => ({ ...fieldsOf(one), secret: vaultReference(name, one.key) }))
    const acls = state.acls.filter((one) => pointsAt(one, 'consumer', consumer.id)).map((one) => fieldsOf(one))
    const plugins = pluginsOf(state, 'consumer', consumer.id)
    return {
      ...fieldsOf(consumer),
      ...some('jwt_secrets', credentials),
      ...some('acls', acls),
      ...some('plugins', plugins),
    }
  })
}

function productServices(exported: Exported): readonly KongFields[] {
  return routeGroups(exported.routes).map(({ service, paths }) => ({
    name: `xinglin-${service}`,
    protocol: 'http',
    host: upstreamName,
    port: exported.backend.port,
    retries: 2,
    connect_timeout: 3000,
    read_timeout: 60_000,
    write_timeout: 60_000,
    tags,
    routes: [
      {
        name: `xinglin-${service}`,
        // The root is the gateway's too; `~` begins a regular expression.
        paths: service === 'gateway' ? [...paths, '~/$'] : paths,
        strip_path: false,
        preserve_host: true,
        request_buffering: false, // DICOM and models are larger than a buffer should be
        response_buffering: false,
        tags,
      },
    ],
  }))
}

function productUpstream({ backend }: Exported): KongFields {
  return {
    name: upstreamName,
    healthchecks: {
      active: {
        type: 'http',
        http_path: '/health/live',
        timeout: 2,
        healthy: { interval: 5, successes: 1, http_statuses: [200] },
        unhealthy: { interval: 2, http_failures: 2, tcp_failures: 1, timeouts: 2, http_statuses: [500, 503] },
      },
    },
    targets: [{ target: `${backend.host}:${backend.port}`, weight: 100 }],
    tags,
  }
}

/** The file as an object; consumers' secrets are references to Kong's environment vault, never the secrets. */
export function kongFile(exported: Exported, state: KongState): KongFields {
  const everywhere = state.plugins.filter((one) =>
    references.every((field) => one[field] === null || one[field] === undefined),
  )
  return {
    _format_version: formatVersion,
    _transform: true,
    services: [...productServices(exported), ...definedServices(state)],
    upstreams: [productUpstream(exported), ...definedUpstreams(state)],
    ...some('consumers', definedConsumers(state)),
    plugins: [
      { name: 'prometheus', config: { status_code_metrics: true, upstream_health_metrics: true }, tags },
      {
        name: 'correlation-id',
        config: { header_name: 'X-Request-ID', generator: 'uuid', echo_downstream: true },
        tags,
      },
      ...everywhere.map((one) => fieldsOf(one)),
    ],
  }
}
