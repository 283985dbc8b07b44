// The services of this process as HTTP applications: built, made ready, and listening for other processes where the system is split.
import type { FastifyInstance } from 'fastify'
import type { Caller } from '../kernel/caller.ts'
import { buildServiceApp } from '../kernel/http.ts'
import { verifyInternalToken } from '../kernel/internal-token.ts'
import type { Clock, Ids, Logger, Registry, Telemetry } from '../kernel/ports.ts'
import type { RunningService } from '../kernel/service.ts'

/** A service that lives in this process. */
export interface LocalService {
  readonly name: string
  readonly running: RunningService
  /** Its HTTP, when it has routes. */
  readonly app: FastifyInstance | undefined
}

/** What building takes. */
export interface ServiceAppParts {
  readonly internalKey: Uint8Array
  readonly log: Logger
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Where services listen when the system is split. */
export interface ListenOptions {
  readonly host: string
  /** Port of the first service, the next ones follow; 0 takes free ones. */
  readonly port: number
  readonly registry: Registry
  readonly ids: Ids
}

/** Builds the application of a created service. */
export async function withApp(name: string, running: RunningService, parts: ServiceAppParts): Promise<LocalService> {
  if (running.routes === undefined) return { name, running, app: undefined }
  const { internalKey, clock, telemetry } = parts
  const verifyCaller = (token: string): Caller => verifyInternalToken(token, internalKey, clock.now())
  const log = parts.log.child({ service: name })
  const app = buildServiceApp({ service: name, running, verifyCaller, log, clock, telemetry })
  await app.ready()
  return { name, running, app }
}

/** Lets the services listen and registers them; returns what undoes it. */
export async function listenAll(
  services: readonly LocalService[],
  options: ListenOptions,
): Promise<() => Promise<void>> {
  const { host, registry, ids } = options
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const registered: string[] = []
  for (const [index, { name, app }] of services.filter((service) => service.app !== undefined).entries()) {
    if (app === undefined) continue
    const origin = await app.listen({ host, port: options.port === 0 ? 0 : options.port + index })
    const port = Number(new URL(origin).port)
    const id = `${name}-${ids.uuid()}`
    const checkUrl = `http://${address}:${port}/health/ready`
    await registry.register({ id, service: name, address, port, tags: ['xinglin'], checkUrl })
    registered.push(id)
  }
  return async () => {
    await Promise.allSettled(registered.map((id) => registry.deregister(id)))
  }
}
