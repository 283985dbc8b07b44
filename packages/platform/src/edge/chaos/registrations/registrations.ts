// Leads the callers of a service to another address, through the registry they all ask; and back again.
import { AppError } from '@xinglin/core/errors'
import { request } from 'undici'
import { serviceHostName } from '../../../kernel/transport.ts'

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
  readonly isHealthy: boolean
  /** Where its health is asked. */
  readonly checkUrl: string
}

interface HealthEntry {
  readonly Service: {
    readonly ID: string
    readonly Service: string
    readonly Address: string
    readonly Port: number
    readonly Tags: readonly string[] | null
    readonly Meta: Readonly<Record<string, string>> | null
  }
  readonly Checks: readonly { readonly ServiceID: string; readonly Status: string; readonly Output: string }[]
}

const limitMs = 5000

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
function checkUrlOf({ Service, Checks }: HealthEntry): string {
  const asked = Checks.map(({ Output }) => /https?:\/\/\S+?(?=:? |$)/.exec(Output)?.[0]).find(
    (url) => url !== undefined,
  )
  return asked?.replace(/:$/, '') ?? `http://${Service.Address}:${Service.Port}/health/ready`
}

function instanceOf(entry: HealthEntry): RegisteredInstance {
  const { ID, Service, Address, Port, Tags, Meta } = entry.Service
  const own = entry.Checks.filter(({ ServiceID }) => ServiceID === ID)
  return {
    id: ID,
    service: Service,
    address: Address,
    port: Port,
    tags: Tags ?? [],
    meta: Meta ?? {},
    isHealthy: own.every(({ Status }) => Status === 'passing'),
    checkUrl: checkUrlOf(entry),
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

/** Registers a known instance at this port of this machine; its health is asked there too. One that has left stays away. */
export async function advertise(
  registry: RegistryAddress,
  instance: RegisteredInstance,
  port?: number,
): Promise<boolean> {
  const known = await registeredInstances(registry, instance.service)
  if (!known.some(({ id }) => id === instance.id)) return false
  const address = port === undefined ? instance.address : '127.0.0.1'
  const check = new URL(instance.checkUrl)
  if (port !== undefined) check.host = `${address}:${port}`
  await ask(registry, 'PUT', '/v1/agent/service/register?replace-existing-checks=true', {
    ID: instance.id,
    Name: instance.service,
    Address: address,
    Port: port ?? instance.port,
    Tags: instance.tags,
    Meta: instance.meta,
    Check: {
      HTTP: check.href,
      Interval: '2s',
      Timeout: '1s',
      DeregisterCriticalServiceAfter: '1m',
      Status: instance.isHealthy ? 'passing' : 'critical', // a new check would begin as critical
      // Over TLS our registry shows its own certificate, and believes the service by its name alone.
      ...(check.protocol === 'https:' ? { TLSServerName: serviceHostName(instance.service) } : {}),
    },
  })
  return true
}
