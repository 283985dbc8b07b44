// Leads the callers of a service to another address, through the registry they all ask; and back again.
import { AppError } from '@xinglin/core/errors'
import { request } from 'undici'
import { registrationBody } from '../../../kernel/registration-body.ts'

/** A registry in Consul's HTTP shape. */
export interface RegistryAddress {
  readonly url: string
  readonly token?: string | undefined
}

/** An instance as the registry knows it. */
export interface RegisteredInstance {
  readonly id: string
  readonly service: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly weights?: Weights | undefined
  readonly isHealthy: boolean
  /** Where its health is asked over HTTP, as far as it was asked yet. */
  readonly checkUrl: string | undefined
}

type Weights = { readonly Passing: number; readonly Warning: number }

interface HealthEntry {
  readonly Service: {
    readonly ID: string
    readonly Service: string
    readonly Address: string
    readonly Port: number
    readonly Tags: readonly string[] | null
    readonly Meta: Readonly<Record<string, string>> | null
    readonly Weights?: Weights
  }
  readonly Checks: readonly { readonly ServiceID: string; readonly Status: string; readonly Output: string }[]
}

const limitMs = 5000
const loopback = '127.0.0.1'
const ownTag = 'xinglin'

async function ask<T>(
  { url, token }: RegistryAddress,
  method: 'GET' | 'PUT',
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await request(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { 'x-consul-token': token }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(limitMs),
  }).catch((cause: unknown) => {
    throw new AppError('unavailable', `The registry ${url} cannot be reached`, { cause, retryAfterSeconds: 1 })
  })
  const text = await answer.body.text()
  if (answer.statusCode !== 200)
    throw new AppError('unavailable', `The registry answered ${answer.statusCode}: ${text.slice(0, 200)}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

// The output of a check begins with what was asked: `HTTP GET http://…: 200 OK`.
function checkUrlOf({ Checks }: HealthEntry): string | undefined {
  const asked = Checks.map(({ Output }) => /https?:\/\/\S+?(?=:? |$)/.exec(Output)?.[0]).find(
    (url) => url !== undefined,
  )
  return asked?.replace(/:$/, '')
}

function instanceOf(entry: HealthEntry): RegisteredInstance {
  const { ID, Service, Address, Port, Tags, Meta, Weights } = entry.Service
  const own = entry.Checks.filter(({ ServiceID }) => ServiceID === ID)
  return {
    id: ID,
    service: Service,
    address: Address,
    port: Port,
    tags: Tags ?? [],
    meta: Meta ?? {},
    weights: Weights,
    isHealthy: own.every(({ Status }) => Status === 'passing'),
    checkUrl: checkUrlOf({ ...entry, Checks: own }),
  }
}

/** The names of all registered services. */
export async function registeredServices(registry: RegistryAddress): Promise<readonly string[]> {
  const names = await ask<Readonly<Record<string, unknown>>>(registry, 'GET', '/v1/catalog/services')
  return Object.keys(names).filter((name) => name !== 'consul')
}

/** The instances of a service, well or not. */
export async function registeredInstances(
  registry: RegistryAddress,
  service: string,
): Promise<readonly RegisteredInstance[]> {
  const path = `/v1/health/service/${encodeURIComponent(service)}`
  return (await ask<readonly HealthEntry[]>(registry, 'GET', path)).map(instanceOf)
}

/** Says whether an instance is a service of ours. */
export const isOwn = ({ tags }: RegisteredInstance): boolean => tags.includes(ownTag)

// Our services are asked through the proxy as well, by the name that their certificate carries.
function ownCheck(instance: RegisteredInstance, port: number | undefined): Readonly<Record<string, unknown>> {
  const { id, service, address, tags } = instance
  const host = address.includes(':') ? `[${address}]` : address
  const { checkUrl = `http://${host}:${instance.port}/health/ready` } = instance
  const url = new URL(checkUrl)
  if (port !== undefined) url.host = `${loopback}:${port}`
  const { Check } = registrationBody({ id, service, address, port: port ?? instance.port, tags, checkUrl: url.href })
  return {
    ...(Check as Readonly<Record<string, unknown>>),
    ...(port === undefined ? {} : { Timeout: '1s', FailuresBeforeCritical: 0 }),
    Status: instance.isHealthy ? 'passing' : 'critical', // a new check would begin as critical
  }
}

// Its callers check its certificate against its own address, which the proxy does not have.
function refuseForeignTls({ service, address, port, checkUrl }: RegisteredInstance): void {
  const asked = checkUrl === undefined ? null : URL.parse(checkUrl)
  const speaksTls = asked?.protocol === 'https:' && asked.hostname === address && Number(asked.port || 443) === port
  if (!speaksTls || address === loopback) return
  throw new AppError(
    'unprocessable',
    `${service} at ${address}:${port} shows a certificate for its own address, so its callers would refuse to go by way of ${loopback}: break it where it runs`,
  )
}

/**
 * Registers a known instance at this port of this machine; one that has left stays away. The health of our own services is
 * asked there too; checks of others, which we do not know whole, stay as they are.
 * @throws AppError 'unprocessable' when its callers would not believe it at another address
 */
export async function advertise(
  registry: RegistryAddress,
  instance: RegisteredInstance,
  port?: number,
): Promise<boolean> {
  const { id, service, tags, meta, weights } = instance
  const isOurs = isOwn(instance)
  if (!isOurs && port !== undefined) refuseForeignTls(instance)
  const known = await registeredInstances(registry, service)
  if (!known.some((one) => one.id === id)) return false
  const replaces = isOurs ? '?replace-existing-checks=true' : ''
  await ask(registry, 'PUT', `/v1/agent/service/register${replaces}`, {
    ID: id,
    Name: service,
    Address: port === undefined ? instance.address : loopback,
    Port: port ?? instance.port,
    Tags: tags,
    Meta: meta,
    ...(weights === undefined ? {} : { Weights: weights }),
    ...(isOurs ? { Check: ownCheck(instance, port) } : {}),
  })
  return true
}
