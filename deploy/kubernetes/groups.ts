// Which services share a process in a cluster, how many of each run, who calls whom, and where each listens.
import { type ServiceName, services } from '../../packages/platform/src/services.ts'

/** A Deployment (or StatefulSet) of the one image with some of its services. */
export interface Group {
  readonly name: string
  /** In the order of the product's list, which is the order of their ports. */
  readonly services: readonly ServiceName[]
  /** Fewest and most pods; equal: no autoscaler. */
  readonly replicas: readonly [number, number]
  readonly cpu: readonly [request: string, limit: string]
  readonly memory: readonly [request: string, limit: string]
  /** Needs to reach the store of blobs. */
  readonly usesBlobs: boolean
  /** Keeps files of its own: exactly one pod, with a volume. */
  readonly isStateful: boolean
}

/** Port of every Service, whatever port its pods listen on (SERVICE_DNS). */
export const servicePort = 8000
/** First port of a group's services in its pods, one after the other (SERVICE_PORT); 8001 and 8010 are taken inside. */
export const firstPort = 8100

interface Shape extends Omit<Group, 'services'> {
  readonly members: readonly string[]
}

const few = { usesBlobs: false, isStateful: false } as const

// The audit room's folder belongs to the database, so it runs once. Flower clients stay with the pod that they joined.
const shapes: readonly Shape[] = [
  {
    ...{ ...few, name: 'edge', members: ['gateway', 'registry', 'identity', 'telemetry', 'chaos'], replicas: [2, 6] },
    ...{ cpu: ['250m', '2'], memory: ['384Mi', '1Gi'] },
  },
  {
    ...{ ...few, name: 'audit', members: ['audit'], replicas: [1, 1], isStateful: true },
    ...{ cpu: ['100m', '1'], memory: ['256Mi', '768Mi'] },
  },
  {
    ...{ ...few, name: 'clinical', members: ['patient', 'emr', 'pharmacy', 'triage'], replicas: [2, 10] },
    ...{ cpu: ['500m', '2'], memory: ['512Mi', '2Gi'] },
  },
  {
    ...{ ...few, name: 'imaging', members: ['imaging', 'explain', 'privacy'], replicas: [2, 6], usesBlobs: true },
    ...{ cpu: ['500m', '2'], memory: ['768Mi', '4Gi'] },
  },
  {
    ...{ ...few, name: 'inference', members: ['inference'], replicas: [2, 8], usesBlobs: true },
    ...{ cpu: ['500m', '4'], memory: ['768Mi', '6Gi'] },
  },
  {
    ...{ ...few, name: 'federated', members: ['federated'], replicas: [1, 1], usesBlobs: true },
    ...{ cpu: ['100m', '1'], memory: ['256Mi', '2Gi'] },
  },
]

// A service that no shape names yet runs at the edge.
const placed = new Set(shapes.flatMap(({ members }) => members))
const isIn = (shape: Shape, name: string): boolean =>
  shape.members.includes(name) || (shape.name === 'edge' && !placed.has(name))

/** Every group; each service of the product is in exactly one. */
export const groups: readonly Group[] = shapes.map(({ members: _members, ...group }, at) => ({
  ...group,
  services: services.map(({ name }) => name).filter((name) => isIn(shapes[at] ?? { members: [], ...group }, name)),
}))

// The gateway and the registry have ports of their own; the others answer other processes on one each.
const ownPorts: ReadonlySet<ServiceName> = new Set<ServiceName>(['gateway', 'registry'])

/** Services of a group that answer others, with the container port of each. */
export function portsOf(group: Group): readonly { readonly service: ServiceName; readonly port: number }[] {
  return group.services
    .filter((service) => !ownPorts.has(service))
    .map((service, index) => ({ service, port: firstPort + index }))
}

/** The group of a service. */
export function groupOf(service: ServiceName): Group {
  const found = groups.find((group) => group.services.includes(service))
  if (found === undefined) throw new Error(`${service} is in no group`)
  return found
}

const all = services.map(({ name }) => name).filter((name) => !ownPorts.has(name))

/** Which services each room asks (a test compares it with the calls in the sources); the gateway sends to all, the map of the house asks all. */
export const calls: Readonly<Partial<Record<ServiceName, readonly ServiceName[]>>> = {
  gateway: all,
  chaos: all,
  identity: ['patient'],
  pharmacy: ['emr'],
  triage: ['patient', 'emr'],
  imaging: ['patient', 'emr', 'inference'],
  explain: ['patient', 'emr', 'inference'],
  federated: ['inference'],
}

/** Rooms that every process asks: spans and metrics go there. */
export const askedByAll = all.filter((name) => name === 'telemetry')

/** The ports of one group that another group must reach. */
export interface Edge {
  readonly from: Group
  readonly to: Group
  readonly ports: readonly number[]
}

/** Every way between two groups, from what their rooms ask of one another. */
export function edges(): readonly Edge[] {
  return groups.flatMap((from) =>
    groups.flatMap((to): readonly Edge[] => {
      if (from === to) return []
      const asked = new Set([...from.services.flatMap((service) => calls[service] ?? []), ...askedByAll])
      const ports = portsOf(to).flatMap(({ service, port }) => (asked.has(service) ? [port] : []))
      return ports.length === 0 ? [] : [{ from, to, ports }]
    }),
  )
}
