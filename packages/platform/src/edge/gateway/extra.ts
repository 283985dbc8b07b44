// What the composition root hands to the gateway alone.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller, Role } from '../../kernel/caller.ts'
import type { ListenerTls } from '../../kernel/tls-server.ts'
import type { Transport } from '../../kernel/transport.ts'

/** Methods of one of our own services over gRPC that are open to roles, and where they are now. */
export interface OwnMethods {
  readonly service: string
  /** Whole paths, `/package.Service/Method`. */
  readonly paths: readonly string[]
  readonly roles: readonly Role[]
  /** `http://host:port`; undefined while nobody serves it. */
  readonly origin: () => string | undefined
  /** What the service wants to see of us. */
  readonly headers: Readonly<Record<string, string>>
}

/** Handles a raw request in this process. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** What the gateway needs besides the common ports. */
export interface GatewayExtra {
  /** The service's own application when it lives in this process; looked up at each request. */
  readonly localHandler: (service: string) => RequestHandler | undefined
  /** The product's services and their path prefixes. */
  readonly routes: readonly {
    readonly service: string
    readonly paths: readonly string[]
    /** Those of its addresses, with all below them, that bring their own credentials or need none. */
    readonly openPaths?: readonly string[]
  }[]
  /** Address of the system as clients see it: the issuer of our own identity service. None: only consumers' tokens. */
  readonly publicUrl?: string
  /** Methods of our own services over gRPC. */
  readonly grpc?: readonly OwnMethods[]
  /** Signs a caller for a service in another process (header `x-xinglin-caller`). */
  readonly signCaller: (caller: Caller) => string | Promise<string>
  /** Attaches a caller for a service in this process. */
  readonly attachCaller: (request: IncomingMessage, caller: Caller) => void
  /** Connections to the product's services in other processes; plain HTTP when absent. */
  readonly transport?: Pick<Transport, 'protocol' | 'connector'>
  /** What the port for other machines listens with. */
  readonly tls?: ListenerTls
  /** The own authority behind it, in PEM, which clients may fetch to trust it. */
  readonly authority?: string
  /** Folder of the built console. */
  readonly consoleFolder?: URL
  /** Why each service is not ready; an empty list means ready. */
  readonly readiness?: () => Promise<Readonly<Record<string, readonly string[]>>>
  /** Product addresses that answer GET without a credential. Default {@link defaultPublicPaths}. */
  readonly publicPaths?: readonly string[]
}

/** What describes the product and holds no data; CDS Hooks clients ask for the services before they have a credential. */
export const defaultPublicPaths: readonly string[] = Object.freeze([
  '/fhir/metadata',
  '/fhir/openapi.json',
  '/cds-services',
])
