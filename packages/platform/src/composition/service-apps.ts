// The services of this process as HTTP applications: built and made ready.
import type { FastifyInstance } from 'fastify'
import type { Caller } from '../kernel/caller.ts'
import { buildServiceApp } from '../kernel/http.ts'
import { verifyInternalToken } from '../kernel/internal-token.ts'
import type { Clock, Logger, Telemetry } from '../kernel/ports.ts'
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

/** Builds the application of a created service. */
export async function withApp(name: string, running: RunningService, parts: ServiceAppParts): Promise<LocalService> {
  if (running.routes === undefined) return { name, running, app: undefined }
  const { internalKey, clock, telemetry, log } = parts // the application itself adds the service's name to the log
  const verifyCaller = (token: string): Caller => verifyInternalToken(token, internalKey, clock.now())
  const app = buildServiceApp({ service: name, running, verifyCaller, log, clock, telemetry })
  await app.ready()
  return { name, running, app }
}
