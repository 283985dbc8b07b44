// Discovery for a process: the registry service when it lives here, else a registry in Consul's HTTP shape.
import { registry } from '../edge/registry/index.ts'
import { type ConsulAddress, createConsulRegistry } from '../engines/consul/index.ts'
import { createDnsRegistry } from '../engines/dns/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { Ports, Registry } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import type { PoolOptions, Transport } from '../kernel/transport.ts'
import type { ProcessSettings } from './process-settings.ts'
import type { ProcessTransport } from './transport.ts'

/** A registry that lives in this process. */
export type LocalRegistry = Awaited<ReturnType<typeof registry.create>>

/** Discovery, and the service behind it when it lives here. */
export interface OpenRegistry {
  readonly port: Registry
  readonly local: LocalRegistry | undefined
  /** Whether it has told once where a service is, or that it is nowhere. */
  readonly isKnown: (service: string) => boolean
  /** Where it is reached over HTTP; known once the registry that lives here has started. */
  readonly address: () => ConsulAddress
}

/** What opening takes. */
export interface OpenRegistryOptions {
  readonly settings: ProcessSettings
  readonly registrySettings: Settings<typeof registry.settings>
  /** Whether this process runs the registry service. */
  readonly isHere: boolean
  readonly ports: Omit<Ports, 'registry' | 'call' | 'onnx' | 'models'>
  readonly transport: ProcessTransport
  readonly shutdown: Shutdown
  /** The system's own key to the settings in its registry. */
  readonly ownKey: string
  /** Whether services and checks may lie at link-local and cloud metadata addresses (GATEWAY_LINK_LOCAL). */
  readonly allowsLinkLocal: boolean
}

/** Where the registry is reached over HTTP, and with which token: Consul, the one in this process, or ours in another. */
export function registryAddress(
  settings: { readonly process: ProcessSettings; readonly registry: Settings<typeof registry.settings> },
  here: { readonly local?: LocalRegistry | undefined; readonly transport?: Transport | undefined } = {},
): ConsulAddress {
  const { registryUrl, registryToken } = settings.process
  const { local, transport } = here
  const dispatcher = transport?.protocol === 'https' ? transport.dispatcher('registry') : undefined
  if (registryUrl !== undefined) {
    const isTls = registryUrl.startsWith('https:')
    return { url: registryUrl, token: registryToken, ...(isTls ? { dispatcher } : {}) }
  }
  // Our own registry in another process of this system wants the token that it was given itself.
  const { token, port, tlsPort } = settings.registry
  if (local !== undefined) return { url: local.addresses().url, token }
  const url = dispatcher === undefined ? `http://127.0.0.1:${port}` : `https://127.0.0.1:${tlsPort}`
  return { url, token, dispatcher }
}

// Blocking queries hold a connection each, one for every service that is followed.
const pool: PoolOptions = { connections: 512, keepAliveMs: 4000, connectMs: 5000 }

const nobody = (): never => {
  throw new Error('The registry calls no other service')
}

/** Opens it; a registry that lives here is created but does not listen yet. */
export async function openRegistry(options: OpenRegistryOptions): Promise<OpenRegistry> {
  const { settings, registrySettings, isHere, ports, transport, shutdown, ownKey, allowsLinkLocal } = options
  const unused: Registry = { register: nobody, deregister: nobody, instances: nobody, watch: nobody }
  const connections = transport.open(pool)
  shutdown.add('registry connections', () => connections.close())
  const tls = isHere ? transport.listener('registry') : undefined
  const extra = { tls, transport: connections, ownKey, allowsLinkLocal }
  const local = isHere
    ? await registry.create({ ...ports, registry: unused, call: nobody }, registrySettings, extra)
    : undefined
  const both = { process: settings, registry: registrySettings }
  const address = (): ConsulAddress => registryAddress(both, { local, transport: connections })
  const { log, clock } = ports
  if (settings.serviceDns !== undefined) {
    const port = createDnsRegistry({ pattern: settings.serviceDns, log })
    shutdown.add('discovery', () => port.close())
    return { port, local, address, isKnown: () => true }
  }
  if (local !== undefined && settings.registryUrl === undefined)
    return { port: local.port, local, address, isKnown: () => true }
  const port = createConsulRegistry({ ...registryAddress(both, { transport: connections }), log, clock })
  shutdown.add('registry client', () => port.close())
  return { port, local, address, isKnown: port.isKnown }
}
