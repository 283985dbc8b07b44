// The stage as the field of experiments: which lines a fault meets, and what is done to processes.
import { AppError } from '@xinglin/core/errors'
import type { Field, FieldInstance, TrafficFault, TrafficOrder } from '../../edge/chaos/index.ts'
import { processTree } from './process-tree.ts'
import { lineTo, type Stage } from './stage.ts'

interface LineFault {
  readonly names: readonly string[]
  readonly inbound: TrafficFault | undefined
  readonly outbound: TrafficFault | undefined
  readonly clients?: readonly number[]
}

const postgres: FieldInstance = { id: 'postgres', service: 'postgres', process: 'postgres' }
const engines: readonly string[] = ['postgres', 'registry']
const isEngine = (service: string): service is 'postgres' | 'registry' => engines.includes(service)

function listInstances(stage: Stage): readonly FieldInstance[] {
  const edge = [...stage.parts.values()].find(({ services }) => services.includes('gateway'))
  const fixed = ['gateway', 'registry'].map((service) => ({ id: service, service, process: edge?.name }))
  const led = [...stage.instances.values()].map(({ id, service, part }) => ({ id, service, process: part }))
  return [postgres, ...fixed, ...led]
}

function pidsOf(stage: Stage, instances: readonly FieldInstance[]): readonly number[] {
  return instances.flatMap(({ process: name }) => stage.parts.get(name ?? '')?.pid ?? [])
}

// What comes in at an instance: its own line, or the lines that lead to an engine.
function linesTo(stage: Stage, instance: FieldInstance, order: TrafficOrder): LineFault {
  const { inbound, outbound, peers } = order
  const { service } = instance
  if (isEngine(service)) {
    const all = [...stage.parts.values()].filter(({ services }) => !services.includes(service))
    const met = all.filter(({ name }) => peers === undefined || peers.some((peer) => peer.process === name))
    return { names: met.map(({ name }) => lineTo(service, name)), inbound, outbound }
  }
  if (service === 'gateway')
    return { names: peers === undefined ? [lineTo('gateway', 'clients')] : [], inbound, outbound }
  return {
    names: [instance.id],
    inbound,
    outbound,
    ...(peers === undefined ? {} : { clients: pidsOf(stage, peers) }),
  }
}

// What an instance sends on its own account: the other way round on the lines of those it calls.
function linesFrom(stage: Stage, instance: FieldInstance, order: TrafficOrder): readonly LineFault[] {
  const part = instance.process ?? ''
  if (!stage.parts.has(part)) return []
  const turned = { inbound: order.outbound, outbound: order.inbound }
  const called = order.peers ?? listInstances(stage).filter(({ process: other }) => other !== part)
  const hasLine = (service: string): boolean => !stage.parts.get(part)?.services.includes(service)
  const toEngines = [...new Set(called.map(({ service }) => service))].filter(isEngine).filter(hasLine)
  const others = called.filter(({ service }) => !isEngine(service) && service !== 'gateway')
  return [
    { names: toEngines.map((service) => lineTo(service, part)), ...turned },
    { names: others.map(({ id }) => id), ...turned, clients: pidsOf(stage, [instance]) },
  ]
}

async function harm(stage: Stage, order: TrafficOrder): Promise<void> {
  const faults = order.instances.flatMap((instance) => [
    linesTo(stage, instance, order),
    ...linesFrom(stage, instance, order),
  ])
  for (const [index, { names, inbound, outbound, clients }] of faults.entries()) {
    if (names.length === 0 || (inbound === undefined && outbound === undefined)) continue
    if (clients !== undefined && process.platform !== 'linux' && order.peers !== undefined) {
      throw new AppError(
        'unprocessable',
        'A fault between two services (target) can be made on Linux only: who calls is told by /proc',
      )
    }
    if (clients !== undefined && process.platform !== 'linux') continue
    const id = `${order.id}#${index}`
    await stage.guard.order({ kind: 'harm', id, names, inbound, outbound, clients })
  }
}

interface Standing {
  readonly pids: readonly number[]
  readonly names: readonly string[]
}

// Everything that runs in the processes of these instances stands still with them.
async function standing(stage: Stage, instances: readonly FieldInstance[]): Promise<Standing> {
  const names = new Set(instances.map(({ process: name }) => name ?? ''))
  const roots = names.has('postgres') ? [stage.database().pid] : []
  const trees = await Promise.all([...roots, ...pidsOf(stage, instances)].map(processTree))
  const led = [...stage.instances.values()].filter(({ part }) => names.has(part)).map(({ id }) => id)
  const parts = [...stage.parts.values()]
  const lines = [
    ...(names.has('postgres') ? parts.map(({ name }) => lineTo('postgres', name)) : []),
    ...(parts.some(({ name, services }) => names.has(name) && services.includes('gateway'))
      ? [
          lineTo('gateway', 'clients'),
          ...parts.filter(({ services }) => !services.includes('registry')).map(({ name }) => lineTo('registry', name)),
        ]
      : []),
  ]
  return { pids: [...new Set(trees.flat())], names: [...led, ...lines] }
}

async function kill(stage: Stage, instances: readonly FieldInstance[], graceMs: number): Promise<void> {
  const names = [...new Set(instances.map(({ process: name }) => name ?? ''))]
  await Promise.all(
    names.map(async (name) => {
      if (name === 'postgres') return void process.kill(stage.database().pid, graceMs > 0 ? 'SIGINT' : 'SIGKILL')
      await stage.parts.get(name)?.kill(graceMs)
    }),
  )
}

async function resolve(stage: Stage, url: URL): Promise<URL> {
  const name = url.hostname.split('.')[0]?.replace(/-service$/, '') ?? ''
  if (url.hostname === '127.0.0.1' || url.hostname === 'localhost') return url
  const base = name === 'registry' ? stage.registryUrl : stage.gatewayUrl
  if (name !== 'gateway' && name !== 'kong-gateway' && name !== 'registry') {
    throw new AppError('not-found', `${url.hostname} is not known here; ask by http://gateway:8080`)
  }
  return new URL(`${url.pathname}${url.search}`, base)
}

/** The field of a stage. */
export function stageField(stage: Stage): Field {
  return {
    instances: async () => listInstances(stage),
    harm: (order) => harm(stage, order),
    heal: (id) => stage.guard.order({ kind: 'heal', id }),
    stress: (id, fault) => stage.guard.order({ kind: 'stress', id, fault }),
    kill: (instances, graceMs) => kill(stage, instances, graceMs),
    async freeze(instances) {
      const { pids, names } = await standing(stage, instances)
      await stage.guard.order({ kind: 'refuse', names, isRefusing: true })
      await stage.guard.order({ kind: 'freeze', pids })
    },
    async thaw(instances) {
      const { pids, names } = await standing(stage, instances)
      await stage.guard.order({ kind: 'thaw', pids })
      await stage.guard.order({ kind: 'refuse', names, isRefusing: false })
    },
    resolve: (url) => resolve(stage, url),
  }
}
