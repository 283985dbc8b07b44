// Who may reach whom: nobody, but for the ways that rooms need (groups.ts), the engines, names, and the way in.
import { k8s } from 'cdk8s-plus-34'
import type { Construct } from 'constructs'
import { edges, type Group, groups } from './groups.ts'
import { dimsePort, flowerPort, gatewayPort, registryPort } from './names.ts'
import { common, labelsOf } from './workload.ts'

// Namespaces with this label hold the engines: PostgreSQL, S3, Neo4j, Triton, Consul.
const engineNamespaces = { 'xinglin.io/engines': 'true' } as const
// Namespaces with this label hold the way in: an ingress, a Gateway, a mesh's gateway.
const entryNamespaces = { 'xinglin.io/entry': 'true' } as const

// Ports of engines that are reached, by engine.
const enginePorts = { postgres: 5432, s3: 9000, neo4j: 7687, triton: 8000, consul: 8500 } as const

const tcp = (port: number): k8s.NetworkPolicyPort => ({ protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) })
const podsOf = (name: string): k8s.NetworkPolicyPeer => ({ podSelector: { matchLabels: labelsOf(name) } })
const inNamespaces = (labels: Readonly<Record<string, string>>): k8s.NetworkPolicyPeer => ({
  namespaceSelector: { matchLabels: { ...labels } },
})

const clusterDns: k8s.NetworkPolicyEgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [tcp(53), { protocol: 'UDP', port: k8s.IntOrString.fromNumber(53) }],
}

function enginesOf({ services, usesBlobs }: Group): readonly number[] {
  const asksModels = services.includes('imaging') || services.includes('explain')
  return [
    enginePorts.postgres,
    ...(usesBlobs ? [enginePorts.s3] : []),
    ...(services.includes('triage') ? [enginePorts.neo4j] : []),
    ...(asksModels ? [enginePorts.triton] : []),
    enginePorts.consul,
  ]
}

function ingressOf(group: Group): k8s.NetworkPolicyIngressRule[] {
  const ways = edges().filter(({ to }) => to === group)
  const rules: k8s.NetworkPolicyIngressRule[] = ways.map(({ from, ports }) => ({
    from: [podsOf(from.name)],
    ports: ports.map(tcp),
  }))
  const others = groups.filter((other) => other !== group).map(({ name }) => podsOf(name))
  if (group.services.includes('gateway')) {
    rules.push({ from: [inNamespaces(entryNamespaces)], ports: [tcp(gatewayPort)] })
  }
  if (group.services.includes('registry')) rules.push({ from: others, ports: [tcp(registryPort)] })
  if (group.services.includes('federated')) {
    rules.push({ from: [inNamespaces(entryNamespaces)], ports: [tcp(flowerPort)] })
  }
  if (group.services.includes('imaging')) {
    rules.push({ from: [inNamespaces(entryNamespaces)], ports: [tcp(dimsePort)] })
  }
  return rules
}

function egressOf(group: Group): k8s.NetworkPolicyEgressRule[] {
  const ways = edges().filter(({ from }) => from === group)
  const rules: k8s.NetworkPolicyEgressRule[] = ways.map(({ to, ports }) => ({
    to: [podsOf(to.name)],
    ports: ports.map(tcp),
  }))
  const registry = groups.find(({ services }) => services.includes('registry'))
  if (registry !== undefined && registry !== group) {
    rules.push({ to: [podsOf(registry.name)], ports: [tcp(registryPort)] })
  }
  return [clusterDns, { to: [inNamespaces(engineNamespaces)], ports: enginesOf(group).map(tcp) }, ...rules]
}

/** Adds the wall around everything, and the doors of each group and of the jobs. */
export function addNetwork(scope: Construct, jobs: readonly string[]): void {
  new k8s.KubeNetworkPolicy(scope, 'deny-all', {
    metadata: { name: 'deny-all', labels: { ...common } },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
  for (const group of groups) {
    new k8s.KubeNetworkPolicy(scope, `${group.name}-network`, {
      metadata: { name: group.name, labels: labelsOf(group.name) },
      spec: {
        podSelector: { matchLabels: labelsOf(group.name) },
        policyTypes: ['Ingress', 'Egress'],
        ingress: ingressOf(group),
        egress: egressOf(group),
      },
    })
  }
  for (const name of jobs) {
    new k8s.KubeNetworkPolicy(scope, `${name}-network`, {
      metadata: { name, labels: labelsOf(name) },
      spec: {
        podSelector: { matchLabels: labelsOf(name) },
        policyTypes: ['Ingress', 'Egress'],
        egress: [clusterDns, { to: [inNamespaces(engineNamespaces)], ports: [tcp(enginePorts.postgres)] }],
      },
    })
  }
}
