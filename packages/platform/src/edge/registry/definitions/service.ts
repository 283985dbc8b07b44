// What a registered service is and how its definition is read (pure).
import { badRequest } from '../consul-error.ts'
import { type NewCheck, readCheck, type Shortest, usualShortest } from './check.ts'
import { type Fields, fault, fieldsOf, type TextLimits } from './fields.ts'

/** A service as it was registered, without its id and name. */
export interface ServiceDefinition {
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly weights: { readonly passing: number; readonly warning: number }
  readonly enablesTagOverride: boolean
}

/** A service to register, with its checks. */
export interface NewService {
  readonly id: string
  readonly name: string
  readonly definition: ServiceDefinition
  readonly checks: readonly (NewCheck & { readonly id: string })[]
}

const nameLimits: TextLimits = { max: 256 }
const maxTags = 64
const maxMeta = 64
const maxChecks = 16
const maxWeight = 65_535
const maxPort = 65_535
const metaKey = /^[A-Za-z0-9_-]{1,128}$/
const address = /^[A-Za-z0-9._:%-]*$/
const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])
const unsupported: readonly string[] = [
  'Kind',
  'Proxy',
  'Connect',
  'SocketPath',
  'TaggedAddresses',
  'Namespace',
  'Partition',
  'PeerName',
  'Token',
  'Locality',
  'Ports',
]

function readAddress(fields: Fields): string {
  const text = fields.text('Address', { max: 255 }) ?? ''
  if (anyAddress.has(text)) throw badRequest('Invalid service address')
  if (!address.test(text)) throw fault('Address', 'must be an IP address or a host name')
  return text
}

function readMeta(fields: Fields): Readonly<Record<string, string>> {
  const meta = fields.textMap('Meta', maxMeta, { max: 512 }) ?? {}
  const wrong = Object.keys(meta).find((key) => !metaKey.test(key) || key.startsWith('consul-'))
  if (wrong !== undefined) throw fault(`Meta.${wrong}`, 'must be letters, digits, _ and -, not beginning with consul-')
  return meta
}

function readWeights(fields: Fields): ServiceDefinition['weights'] {
  const weights = fields.object('Weights')
  if (weights === undefined) return { passing: 1, warning: 1 }
  const passing = weights.integer('Passing', 1, maxWeight) ?? 1
  const warning = weights.integer('Warning', 0, maxWeight) ?? 1
  weights.end()
  return { passing, warning }
}

function readChecks(fields: Fields, service: { id: string; name: string }, shortest: Shortest): NewService['checks'] {
  const single = fields.has('Check') ? fields.object('Check') : undefined
  if (single === undefined) fields.raw('Check')
  const list = fields.objects('Checks', maxChecks) ?? []
  const all = single === undefined ? list : [single, ...list]
  const checks = all.map((one, index) => {
    one.raw('ServiceID') // the check is this service's, whatever it says
    const check = readCheck(one, shortest, () => `Service '${service.name}' check`)
    const ownId = all.length === 1 ? `service:${service.id}` : `service:${service.id}:${index + 1}`
    return { ...check, id: check.id ?? ownId }
  })
  const ids = new Set(checks.map(({ id }) => id))
  if (ids.size < checks.length) throw badRequest('Invalid check: two checks of the service have the same CheckID')
  return checks
}

/** Reads the body of a registration. @throws ConsulError 400 naming the field */
export function readService(body: unknown, shortest = usualShortest): NewService {
  const fields = fieldsOf(body)
  const name = fields.text('Name', nameLimits) ?? ''
  if (name === '') throw badRequest('Missing service name')
  const sentId = fields.text('ID', nameLimits) ?? fields.text('ServiceID', nameLimits) ?? ''
  fields.raw('ServiceID')
  const id = sentId === '' ? name : sentId
  const definition: ServiceDefinition = {
    address: readAddress(fields),
    port: fields.integer('Port', 0, maxPort) ?? 0,
    tags: fields.texts('Tags', maxTags, { max: 256 }) ?? [],
    meta: readMeta(fields),
    weights: readWeights(fields),
    enablesTagOverride: fields.boolean('EnableTagOverride') ?? false,
  }
  const checks = readChecks(fields, { id, name }, shortest)
  fields.end(unsupported)
  return { id, name, definition, checks }
}
