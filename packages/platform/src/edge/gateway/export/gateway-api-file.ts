// Kubernetes Gateway API (v1) from the same route table: one HTTPRoute a service, weights where an upstream was defined (pure).
import type { KongRoute, KongState } from '../kong/entities.ts'
import { parseTarget } from '../kong/traffic-schemas.ts'
import { type Exported, routeGroups } from './route-groups.ts'

/** A Kubernetes resource. */
export interface KubernetesResource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Fields
  readonly spec: Fields
}

type Fields = Readonly<Record<string, unknown>>

interface Backend {
  readonly name: string
  readonly port: number
  readonly weight: number
}

interface Rule {
  readonly paths: readonly string[]
  readonly isStripped: boolean
  readonly backends: readonly Backend[]
}

const apiVersion = 'gateway.networking.k8s.io/v1'
const namespace = 'xinglin'
// The CRD's own limit of matches in one rule (gateway-api v1.2.1, HTTPRouteRule.matches).
const maxMatches = 64
const labels = { 'app.kubernetes.io/part-of': 'xinglin' }

const chunks = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size))

const metadata = (name: string): Fields => ({ name, namespace, labels })

function ruleSpec({ paths, isStripped, backends }: Rule): Fields {
  const rewrite = { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }
  return {
    matches: paths.map((value) => ({ path: { type: 'PathPrefix', value } })),
    ...(isStripped ? { filters: [rewrite] } : {}),
    backendRefs: backends.map(({ name, port, weight }) => ({ name, port, weight })),
    timeouts: { request: '60s' },
  }
}

function route(name: string, rules: readonly Rule[], hostnames: readonly string[] = []): KubernetesResource {
  const specs = rules.flatMap((rule) => chunks(rule.paths, maxMatches).map((paths) => ruleSpec({ ...rule, paths })))
  return {
    apiVersion,
    kind: 'HTTPRoute',
    metadata: metadata(name),
    spec: {
      parentRefs: [{ name: 'xinglin', sectionName: 'https' }],
      ...(hostnames.length === 0 ? {} : { hostnames }),
      rules: specs,
    },
  }
}

function gateway(className: string): KubernetesResource {
  const certificate = { name: 'xinglin-tls' }
  return {
    apiVersion,
    kind: 'Gateway',
    metadata: metadata('xinglin'),
    spec: {
      gatewayClassName: className,
      listeners: [
        { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } },
        {
          name: 'https',
          port: 443,
          protocol: 'HTTPS',
          tls: { mode: 'Terminate', certificateRefs: [certificate] },
          allowedRoutes: { namespaces: { from: 'Same' } },
        },
      ],
    },
  }
}

// Nothing of a patient goes in the open: plain HTTP is only told where to go.
function redirect(): KubernetesResource {
  const filter = { type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }
  return {
    apiVersion,
    kind: 'HTTPRoute',
    metadata: metadata('xinglin-to-https'),
    spec: { parentRefs: [{ name: 'xinglin', sectionName: 'http' }], rules: [{ filters: [filter] }] },
  }
}

function backendsOf(host: string, port: number, state: KongState): readonly Backend[] {
  const upstream = state.upstreams.find(({ name }) => name === host)
  if (upstream === undefined) return [{ name: host, port, weight: 1 }]
  return state.targets.flatMap(({ target, weight, upstream: { id } }) => {
    const parsed = id === upstream.id ? parseTarget(target) : undefined
    return parsed === undefined ? [] : [{ name: parsed.host, port: parsed.port, weight }]
  })
}

// A backend is the name of a Kubernetes Service; an address or a name elsewhere cannot be one.
const isServiceName = ({ name }: Backend): boolean => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)

function definedRoute(defined: KongRoute, state: KongState): KubernetesResource | undefined {
  const service = state.services.find(({ id }) => id === defined.service?.id)
  if (service === undefined || !service.enabled || service.protocol.startsWith('grpc')) return undefined
  const backends = backendsOf(service.host, service.port, state)
  if (backends.length === 0 || !backends.every(isServiceName)) return undefined
  const name = (defined.name ?? defined.id).toLowerCase().replace(/[^a-z0-9-]+/g, '-')
  const rule = { paths: defined.paths ?? ['/'], isStripped: defined.strip_path, backends }
  return route(`defined-${name}`, [rule], defined.hosts ?? [])
}

/** Names of defined routes that cannot be said in this format: their hosts are no Kubernetes Services, or they are gRPC. */
export function leftOut(state: KongState): readonly string[] {
  return state.routes.filter((one) => definedRoute(one, state) === undefined).map(({ id, name }) => name ?? id)
}

/** All resources, the Gateway first. */
export function gatewayApiFile(
  { routes, backend }: Exported,
  state: KongState,
  className: string,
): readonly KubernetesResource[] {
  const backends = [{ name: backend.host, port: backend.port, weight: 1 }]
  const product = routeGroups(routes).map(({ service, paths }) => {
    const made = route(`xinglin-${service}`, [{ paths, isStripped: false, backends }])
    return service === 'gateway' ? withRoot(made, backends) : made
  })
  return [gateway(className), redirect(), ...product, ...state.routes.flatMap((one) => definedRoute(one, state) ?? [])]
}

function withRoot(resource: KubernetesResource, backendRefs: readonly Backend[]): KubernetesResource {
  const { rules } = resource.spec as { readonly rules: readonly unknown[] }
  const root = { matches: [{ path: { type: 'Exact', value: '/' } }], backendRefs }
  return { ...resource, spec: { ...resource.spec, rules: [...rules, root] } }
}
