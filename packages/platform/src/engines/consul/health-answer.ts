// Reads the answer of /v1/health/service/<name> into instances (pure).
import { type Looked, worthTrying } from '../../kernel/late-looks.ts'
import type { Instance } from '../../kernel/ports.ts'

interface Fields {
  readonly [name: string]: unknown
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Error(`The registry's answer has no ${what}`)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new Error(`The registry's answer has no ${what}`)
}

function lookedOf(entry: unknown): Looked<Instance> {
  const { Node, Service, Checks } = fields(entry, 'entry')
  const service = fields(Service, 'Service')
  const own = text(service['Address'] ?? '', 'Service.Address')
  const { Port: port } = service
  if (typeof port !== 'number') throw new Error('The registry’s answer has no Service.Port')
  const instance = {
    id: text(service['ID'], 'Service.ID'),
    service: text(service['Service'], 'Service.Service'),
    address: own === '' ? text(fields(Node, 'Node')['Address'], 'Node.Address') : own,
    port,
    healthy: true,
    tags: list(service['Tags']).filter((tag) => typeof tag === 'string'),
  }
  const checks = list(Checks).map((check) => {
    const { Status: status, Output: output } = fields(check, 'check')
    return { status, output }
  })
  return { instance, checks }
}

/** Reads the instances that are worth a request, in a stable order. @throws Error when the answer is not of Consul's shape */
export function readHealthyInstances(answer: string): readonly Instance[] {
  const parsed: unknown = JSON.parse(answer)
  if (!Array.isArray(parsed)) throw new Error('The registry’s answer is not a list')
  return worthTrying(parsed.map(lookedOf)).toSorted((one, other) => (one.id < other.id ? -1 : 1))
}
