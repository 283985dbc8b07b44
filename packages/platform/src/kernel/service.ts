// The contract of a service: its door as the composition root sees it.
import type { FastifyPluginAsync } from 'fastify'
import type { SettingSpecs, Settings } from './config.ts'
import type { Ports } from './ports.ts'
import type { OwnedSql } from './sql.ts'

/** A service as listed in services.ts. */
export interface Service<Specs extends SettingSpecs = SettingSpecs, Extra = unknown> {
  readonly name: string
  /** One sentence for `xinglin status` and the documentation. */
  readonly purpose: string
  /** Path prefixes (longest wins) that the gateway sends here, e.g. `/fhir/Patient`, `/api/v1/patients`. */
  readonly paths: readonly string[]
  /** Those of `paths` that bring their own credentials (sign-in pages, tokens) or need none; with all below them. */
  readonly openPaths?: readonly string[]
  readonly settings: Specs
  readonly sql?: OwnedSql
  /** Builds the running service; must not listen or start loops yet. `extra` is what the composition root hands only to this service. */
  create(ports: Ports, settings: Settings<Specs>, extra: Extra): Promise<RunningService>
}

/** Why a service is not ready; an empty list means ready. */
export type ReadinessReasons = readonly string[]

/** A created service. */
export interface RunningService {
  /** Routes for the service's own Fastify; the kernel adds caller, errors, limits, trace and health. */
  readonly routes?: FastifyPluginAsync
  /** Starts loops and listeners. */
  start?(): Promise<void>
  ready?(): Promise<ReadinessReasons>
  /** Undoes `start`, in reverse order. */
  close?(): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified caller; the kernel refuses the request with 401 before the handler when there is none (except routes with `config.public`). */
    caller: import('./caller.ts').Caller
    /** W3C trace id, 32 hex digits. */
    traceId: string
    /** Aborted when the client goes away or the deadline passes. */
    deadline: AbortSignal
  }
  interface FastifyInstance {
    /** Every route of the service as `METHOD /pattern`, sorted: what the test of access walks through. */
    routeList(): readonly string[]
  }
  interface FastifyContextConfig {
    /** True for routes that answer without a caller (health, metadata). */
    public?: boolean
    /** True for what watches the system (health, metrics, traces): neither traced nor measured, logged at debug only. */
    isQuiet?: boolean
    /** `fhir` routes answer errors as OperationOutcome; all others as problem+json. */
    errors?: 'fhir' | 'problem'
    /** Code for a body, query or path that does not fit its schema: 400 (default) or 422. */
    whenInvalid?: 'invalid-request' | 'unprocessable'
  }
}
