// How services, checks, keys and sessions look in Consul's JSON (pure).
import type { Probe, Status } from './definitions/check.ts'
import { formatDuration } from './duration.ts'
import type { RegistryNode } from './node.ts'
import type { RegisteredCheck, RegisteredService } from './store/catalog-store.ts'
import type { KeyValue } from './store/kv-store.ts'
import type { Session } from './store/session-store.ts'
import { serfHealth } from './store/session-store.ts'

/** One object of JSON. */
export type Json = Readonly<Record<string, unknown>>

const datacenter = 'dc1'
const nsPerMs = 1e6
// What Consul says of a service outside a mesh.
const noProxy = Object.freeze({ Mode: '', MeshGateway: {}, Expose: {} })

/** A node. */
export function nodeJson({ id, name, address }: RegistryNode): Json {
  return {
    ID: id,
    Node: name,
    Address: address,
    Datacenter: datacenter,
    TaggedAddresses: { lan: address, lan_ipv4: address, wan: address, wan_ipv4: address },
    Meta: { 'consul-network-segment': '' },
    CreateIndex: 1,
    ModifyIndex: 1,
  }
}

const weightsJson = ({ definition: { weights } }: RegisteredService): Json => ({
  Passing: weights.passing,
  Warning: weights.warning,
})

function taggedAddresses({ definition: { address, port } }: RegisteredService): Json {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return {}
  return { TaggedAddresses: { lan_ipv4: { Address: address, Port: port }, wan_ipv4: { Address: address, Port: port } } }
}

/** A service as `/v1/agent/services` shows it. */
export function agentServiceJson(service: RegisteredService): Json {
  const { id, name, definition } = service
  return {
    ID: id,
    Service: name,
    Tags: definition.tags,
    Meta: definition.meta,
    Port: definition.port,
    Address: definition.address,
    ...taggedAddresses(service),
    Weights: weightsJson(service),
    EnableTagOverride: definition.enablesTagOverride,
    Datacenter: datacenter,
  }
}

/** A service as `/v1/health/service` shows it. */
export function healthServiceJson(service: RegisteredService): Json {
  const { Datacenter: _, ...rest } = agentServiceJson(service)
  const { createIndex, modifyIndex } = service
  return { ...rest, Proxy: noProxy, Connect: {}, PeerName: '', CreateIndex: createIndex, ModifyIndex: modifyIndex }
}

/** A service as `/v1/catalog/service` shows it. */
export function catalogServiceJson(node: RegistryNode, service: RegisteredService): Json {
  const { Meta, CreateIndex: _, ModifyIndex: __, ...rest } = nodeJson(node)
  const { definition } = service
  const { TaggedAddresses } = taggedAddresses(service)
  return {
    ...rest,
    NodeMeta: Meta,
    ServiceKind: '',
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: definition.tags,
    ServiceAddress: definition.address,
    ...(TaggedAddresses === undefined ? {} : { ServiceTaggedAddresses: TaggedAddresses }),
    ServiceWeights: weightsJson(service),
    ServiceMeta: definition.meta,
    ServicePort: definition.port,
    ServiceSocketPath: '',
    ServiceEnableTagOverride: definition.enablesTagOverride,
    ServiceProxy: noProxy,
    ServiceConnect: {},
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  }
}

function timesOf(probe: Probe): { readonly interval: string; readonly timeout: string } {
  if (probe.kind !== 'http' && probe.kind !== 'tcp') return { interval: '', timeout: '' }
  return { interval: formatDuration(probe.intervalMs), timeout: formatDuration(probe.timeoutMs) }
}

/** A check. */
export function checkJson(node: RegistryNode, check: RegisteredCheck): Json {
  const { definition } = check
  const { interval, timeout } = timesOf(definition.probe)
  return {
    Node: node.name,
    CheckID: check.id,
    Name: definition.name,
    Status: check.status,
    Notes: definition.notes,
    Output: check.output,
    ServiceID: check.serviceId ?? '',
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: definition.probe.kind,
    Interval: interval,
    Timeout: timeout,
    ExposedPort: 0,
    Definition: {},
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  }
}

/** The node's own check: a registry that answers is alive. */
export function serfCheckJson(node: RegistryNode): Json {
  return {
    Node: node.name,
    CheckID: serfHealth,
    Name: 'Serf Health Status',
    Status: 'passing',
    Notes: '',
    Output: 'Agent alive and reachable',
    ServiceID: '',
    ServiceName: '',
    ServiceTags: [],
    Type: '',
    Interval: '',
    Timeout: '',
    ExposedPort: 0,
    Definition: {},
    CreateIndex: 1,
    ModifyIndex: 1,
  }
}

/** A key as JSON text: flags are unsigned 64 bit and would not survive a JavaScript number. */
export function keyValueText({ key, value, flags, session, ...entry }: KeyValue): string {
  const holder = session === null ? '' : `,"Session":${JSON.stringify(session)}`
  const encoded = value.length === 0 ? 'null' : `"${value.toString('base64')}"`
  return `{"LockIndex":${entry.lockIndex},"Key":${JSON.stringify(key)},"Flags":${flags},"Value":${encoded}${holder},"CreateIndex":${entry.createIndex},"ModifyIndex":${entry.modifyIndex}}`
}

/** A session. */
export function sessionJson(node: RegistryNode, session: Session): Json {
  const services = session.serviceChecks.map((id) => ({ ID: id, Namespace: '' }))
  return {
    ID: session.id,
    Name: session.name,
    Node: node.name,
    LockDelay: Math.round(session.lockDelayMs * nsPerMs),
    Behavior: session.behavior,
    TTL: session.ttl,
    NodeChecks: session.nodeChecks,
    ServiceChecks: services.length === 0 ? null : services,
    CreateIndex: session.createIndex,
    ModifyIndex: session.modifyIndex,
  }
}

const severity: Readonly<Record<Status, number>> = { passing: 0, warning: 1, critical: 2 }

/** The worst of some states; none is passing. */
export function worstOf(states: readonly Status[]): Status {
  return states.reduce<Status>((worst, one) => (severity[one] > severity[worst] ? one : worst), 'passing')
}
