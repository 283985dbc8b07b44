// The mesh: only mutual TLS, only the callers that a room needs, ill instances set aside, and a canary that takes a share.
import { ApiObject } from 'cdk8s'
import { k8s } from 'cdk8s-plus-34'
import type { Construct } from 'constructs'
import { edges, type Group, groups, portsOf, servicePort } from '../kubernetes/groups.ts'
import { dimsePort, flowerPort, gatewayPort, image, namespace, registryPort } from '../kubernetes/names.ts'
import { common, labelsOf, podOf, stable } from '../kubernetes/workload.ts'

/** Namespace of the mesh's own way in. */
const entryNamespace = 'istio-ingress'
const canaryGroup = 'clinical'
const canaryImage = image.replace(/:.*$/, ':canary')
const canaryPercent = 10

const principalOf = ({ name }: Group): string => `cluster.local/ns/${namespace}/sa/xinglin-${name}`

interface Rule {
  readonly principals?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly ports: readonly number[]
}

function ruleOf({ principals, namespaces, ports }: Rule): unknown {
  const source = {
    ...(principals === undefined ? {} : { principals }),
    ...(namespaces === undefined ? {} : { namespaces }),
  }
  return { from: [{ source }], to: [{ operation: { ports: ports.map(String) } }] }
}

function rulesFor(group: Group): readonly unknown[] {
  const ways = edges().filter(({ to }) => to === group)
  const rules: Rule[] = ways.map(({ from, ports }) => ({ principals: [principalOf(from)], ports }))
  if (group.services.includes('gateway')) rules.push({ namespaces: [entryNamespace], ports: [gatewayPort] })
  if (group.services.includes('federated')) rules.push({ namespaces: [entryNamespace], ports: [flowerPort] })
  if (group.services.includes('imaging')) rules.push({ namespaces: [entryNamespace], ports: [dimsePort] })
  if (group.services.includes('registry')) {
    const others = groups.filter((other) => other !== group).map(principalOf)
    rules.push({ principals: others, ports: [registryPort] })
  }
  return rules.map(ruleOf)
}

const authorization = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy' } as const
const destination = { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule' } as const

function addWalls(scope: Construct): void {
  new ApiObject(scope, 'mutual-tls', {
    ...{ apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication' },
    metadata: { name: 'mutual-tls', labels: { ...common } },
    spec: { mtls: { mode: 'STRICT' } },
  })
  new ApiObject(scope, 'nobody', {
    ...authorization,
    metadata: { name: 'nobody', labels: { ...common } },
    spec: {}, // no rule allows anything
  })
  for (const group of groups) {
    new ApiObject(scope, `${group.name}-callers`, {
      ...authorization,
      metadata: { name: group.name, labels: labelsOf(group.name) },
      spec: { selector: { matchLabels: labelsOf(group.name) }, action: 'ALLOW', rules: rulesFor(group) },
    })
  }
}

// Errors of a room itself (4xx) are answers; five 5xx in a row from one pod send the others its share for a while.
function trafficPolicy(): unknown {
  return {
    tls: { mode: 'ISTIO_MUTUAL' },
    connectionPool: { tcp: { connectTimeout: '2s', maxConnections: 512 }, http: { http1MaxPendingRequests: 256 } },
    outlierDetection: {
      ...{ consecutive5xxErrors: 5, consecutiveGatewayErrors: 3, interval: '5s' },
      ...{ baseEjectionTime: '30s', maxEjectionPercent: 50 },
    },
  }
}

function addDestination(scope: Construct, service: string, labels: Record<string, string>): void {
  new ApiObject(scope, `${service}-destination`, {
    ...destination,
    metadata: { name: service, labels },
    spec: {
      host: service,
      trafficPolicy: trafficPolicy(),
      subsets: [
        { name: 'stable', labels: { ...stable } },
        { name: 'canary', labels: { version: 'canary' } },
      ],
    },
  })
}

/** Adds mutual TLS, callers and outlier detection for every service. */
export function addMesh(scope: Construct): void {
  addWalls(scope)
  for (const group of groups) {
    for (const { service } of portsOf(group)) addDestination(scope, service, labelsOf(group.name))
  }
  const edge = groups.find(({ services }) => services.includes('gateway'))
  if (edge !== undefined) addDestination(scope, 'gateway', labelsOf(edge.name))
}

function addShare(scope: Construct, service: string, labels: Record<string, string>): void {
  const to = (subset: string, weight: number): unknown => ({
    destination: { host: service, subset, port: { number: servicePort } },
    weight,
  })
  new ApiObject(scope, `${service}-share`, {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' },
    metadata: { name: service, labels },
    spec: {
      hosts: [service],
      http: [{ route: [to('stable', 100 - canaryPercent), to('canary', canaryPercent)] }],
    },
  })
}

/** Adds a canary of the clinical services, which takes a tenth of their requests. */
export function addCanary(scope: Construct): void {
  const group = groups.find(({ name }) => name === canaryGroup)
  if (group === undefined) throw new Error(`There is no group ${canaryGroup}`)
  const name = `${group.name}-canary`
  const template = podOf(group, 'canary')
  const [container] = template.spec?.containers ?? []
  if (template.spec === undefined || container === undefined) throw new Error('A pod has a container')
  const spec = { ...template.spec, containers: [{ ...container, image: canaryImage, imagePullPolicy: 'Always' }] }
  const selector = { matchLabels: { ...labelsOf(group.name), version: 'canary' } }
  new k8s.KubeDeployment(scope, name, {
    metadata: { name, labels: labelsOf(group.name) },
    spec: { replicas: 1, selector, template: { ...template, spec } },
  })
  for (const { service } of portsOf(group)) addShare(scope, service, labelsOf(group.name))
}
