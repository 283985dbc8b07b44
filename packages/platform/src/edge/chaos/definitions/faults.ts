// The written faults of Chaos Mesh as faults of ours; what cannot be done without Kubernetes is refused by name (pure).
import type {
  Bandwidth,
  Choice,
  Delay,
  Injection,
  Loss,
  Mode,
  NetworkFault,
  PodFault,
  StressFault,
  TrafficFault,
} from './experiment.ts'
import type { WrittenChoice, WrittenNetwork, WrittenPod, WrittenStress } from './schema.ts'
import { bytesPerSecond, durationMs, share, sizeBytes } from './units.ts'

/** Told each fault of a document with its path, e.g. `spec.delay.latency`. */
export type Refuse = (path: string, why: string) => void

const labels = ['app', 'app.kubernetes.io/name', 'app.kubernetes.io/component']
const everything = 'app.kubernetes.io/part-of'
const relayed = 'cannot be done here: TCP hands its bytes on whole and once, so nothing of it would be seen'
const noRate = 'must be a rate in bytes per second such as 1mbps'
const wholeShare = 'must be a percentage from 0 to 100'
const noTime = 'must be a time such as 200ms or 30s'
const defaultStressBytes = 64 * 1024 * 1024

function required<T>(value: T | undefined, path: string, why: string, refuse: Refuse): T | undefined {
  if (value === undefined) refuse(path, why)
  return value
}

/** Reads a time that may be missing. */
export function optionalTime(text: string | undefined, path: string, refuse: Refuse): number | undefined {
  return text === undefined ? undefined : required(durationMs(text), path, noTime, refuse)
}

function optionalShare(text: string | undefined, path: string, refuse: Refuse): number {
  return text === undefined ? 0 : (required(share(text), path, wholeShare, refuse) ?? 0)
}

function modeOf({ mode, value }: WrittenChoice, path: string, refuse: Refuse): Mode {
  if (mode === 'one' || mode === 'all') return { kind: mode }
  if (mode === 'fixed') {
    const count = Number(value)
    if (!Number.isInteger(count) || count < 1) refuse(`${path}.value`, 'must be a whole number above 0 for this mode')
    return { kind: 'fixed', count }
  }
  const part = required(share(value ?? ''), `${path}.value`, `${wholeShare} for this mode`, refuse) ?? 0
  return { kind: mode === 'fixed-percent' ? 'share' : 'random', share: part }
}

/** Reads whom a fault meets. */
export function choiceOf(written: WrittenChoice, path: string, refuse: Refuse): Choice {
  const { labelSelectors = {}, namespaces: _anywhere, ...others } = written.selector
  for (const name of Object.keys(others)) {
    refuse(`${path}.selector.${name}`, 'cannot be told without Kubernetes; select by labelSelectors, e.g. app: patient')
  }
  for (const key of Object.keys(labelSelectors)) {
    if (labels.includes(key) || key === everything) continue
    refuse(
      `${path}.selector.labelSelectors.${key}`,
      `is no label of ours; use one of ${[...labels, everything].join(', ')}`,
    )
  }
  const named = labels.flatMap((label) => labelSelectors[label] ?? [])
  const services = [...new Set(named.map((name) => name.replace(/-service$/, '')))]
  if (labelSelectors[everything] === 'xinglin' && services.length === 0) services.push('*')
  if (services.length !== 1 && Object.keys(others).length === 0) {
    refuse(`${path}.selector.labelSelectors`, 'must name one service, e.g. app: patient-service')
  }
  return { services, mode: modeOf(written, path, refuse) }
}

function delayOf(written: NonNullable<WrittenNetwork['delay']>, path: string, refuse: Refuse): Delay {
  if (written.reorder !== undefined) refuse(`${path}.reorder`, relayed)
  return {
    latencyMs: required(durationMs(written.latency), `${path}.latency`, noTime, refuse) ?? 0,
    jitterMs: optionalTime(written.jitter, `${path}.jitter`, refuse) ?? 0,
    correlation: optionalShare(written.correlation, `${path}.correlation`, refuse),
  }
}

function lossOf(written: NonNullable<WrittenNetwork['loss']>, path: string, refuse: Refuse): Loss {
  return {
    share: optionalShare(written.loss, `${path}.loss`, refuse),
    correlation: optionalShare(written.correlation, `${path}.correlation`, refuse),
  }
}

function bandwidthOf(written: NonNullable<WrittenNetwork['bandwidth']>, path: string, refuse: Refuse): Bandwidth {
  for (const name of ['peakrate', 'minburst'] as const) {
    if ((written[name] ?? 0) > 0) refuse(`${path}.${name}`, 'cannot be done here: give rate, limit and buffer')
  }
  const rate = required(bytesPerSecond(written.rate), `${path}.rate`, noRate, refuse) ?? 1
  return { bytesPerSecond: rate, limitBytes: written.limit, burstBytes: written.buffer }
}

function trafficOf(spec: WrittenNetwork, path: string, refuse: Refuse): TrafficFault {
  const { action, delay, loss, bandwidth } = spec
  for (const name of ['duplicate', 'corrupt'] as const) {
    if (action === name || spec[name] !== undefined) refuse(`${path}.${name}`, relayed)
  }
  for (const name of ['externalTargets', 'device', 'targetDevice', 'rate', 'remoteCluster'] as const) {
    if (spec[name] !== undefined) refuse(`${path}.${name}`, 'cannot be done without Kubernetes')
  }
  const own = action === 'delay' || action === 'loss' || action === 'bandwidth' ? action : undefined
  if (own !== undefined && spec[own] === undefined) refuse(`${path}.${own}`, `must be given for the action ${own}`)
  const isMixed = action === 'netem'
  return {
    ...((own === 'delay' || isMixed) && delay !== undefined ? { delay: delayOf(delay, `${path}.delay`, refuse) } : {}),
    ...((own === 'loss' || isMixed) && loss !== undefined ? { loss: lossOf(loss, `${path}.loss`, refuse) } : {}),
    ...(own === 'bandwidth' && bandwidth !== undefined
      ? { bandwidth: bandwidthOf(bandwidth, `${path}.bandwidth`, refuse) }
      : {}),
    ...(action === 'partition' ? { isCut: true } : {}),
  }
}

/** Reads a NetworkChaos. */
export function networkInjection(name: string, spec: WrittenNetwork, path: string, refuse: Refuse): Injection {
  const { direction = 'to', target } = spec
  if (direction !== 'to' && target === undefined)
    refuse(`${path}.target`, `must be given for the direction ${direction}`)
  const fault: NetworkFault = {
    kind: 'network',
    action: spec.action,
    traffic: trafficOf(spec, path, refuse),
    direction,
    ...(target === undefined ? {} : { target: choiceOf(target, `${path}.target`, refuse) }),
  }
  const lasting = optionalTime(spec.duration, `${path}.duration`, refuse)
  return { kind: 'injection', name, choice: choiceOf(spec, path, refuse), fault, durationMs: lasting }
}

/** Reads a PodChaos. */
export function podInjection(name: string, spec: WrittenPod, path: string, refuse: Refuse): Injection {
  if (spec.remoteCluster !== undefined) refuse(`${path}.remoteCluster`, 'cannot be done without Kubernetes')
  const fault: PodFault =
    spec.action === 'pod-failure' ? { kind: 'failure' } : { kind: 'kill', graceMs: (spec.gracePeriod ?? 0) * 1000 }
  const lasting = optionalTime(spec.duration, `${path}.duration`, refuse)
  return { kind: 'injection', name, choice: choiceOf(spec, path, refuse), fault, durationMs: lasting }
}

/** Reads a StressChaos. */
export function stressInjection(name: string, spec: WrittenStress, path: string, refuse: Refuse): Injection {
  const { cpu, memory } = spec.stressors ?? {}
  if (spec.stressngStressors !== undefined) refuse(`${path}.stressngStressors`, 'cannot be done here: give stressors')
  if (cpu === undefined && memory === undefined) refuse(`${path}.stressors`, 'must have cpu or memory')
  for (const [kind, part] of Object.entries(spec.stressors ?? {})) {
    if (part.options !== undefined) refuse(`${path}.stressors.${kind}.options`, 'cannot be done here')
  }
  const bytes =
    memory?.size === undefined
      ? defaultStressBytes
      : (required(sizeBytes(memory.size), `${path}.stressors.memory.size`, 'must be a size such as 256MB', refuse) ?? 0)
  const fault: StressFault = {
    kind: 'stress',
    ...(cpu === undefined ? {} : { cpu: { workers: cpu.workers, share: (cpu.load ?? 100) / 100 } }),
    ...(memory === undefined ? {} : { memory: { workers: memory.workers, bytes } }),
  }
  const lasting = optionalTime(spec.duration, `${path}.duration`, refuse)
  return { kind: 'injection', name, choice: choiceOf(spec, path, refuse), fault, durationMs: lasting }
}
