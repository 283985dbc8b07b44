// Discovery for a process: the registry service when it lives here, else a registry in Consul's HTTP shape.
import { registry } from '../edge/registry/index.ts'
import { createConsulRegistry } from '../engines/consul/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { Ports, Registry } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import type { ProcessSettings } from './process-settings.ts'

/** A registry that lives in this process. */
export type LocalRegistry = Awaited<ReturnType<typeof registry.create>>

/** Discovery, and the service behind it when it lives here. */
export interface OpenRegistry {
  readonly port: Registry
  readonly local: LocalRegistry | undefined
}

/** What opening takes. */
export interface OpenRegistryOptions {
  readonly settings: ProcessSettings
  readonly registrySettings: Settings<typeof registry.settings>
  /** Whether this process runs the registry service. */
  readonly isHere: boolean
  readonly ports: Omit<Ports, 'registry' | 'call' | 'onnx' | 'models'>
  readonly shutdown: Shutdown
}

/** Where the registry is reached over HTTP, and with which token: Consul, the one in this process, or ours in another. */
export function registryAddress(
  settings: { readonly process: ProcessSettings; readonly registry: Settings<typeof registry.settings> },
  local?: LocalRegistry,
): { readonly url: string; readonly token?: string | undefined } {
  const { registryUrl, registryToken } = settings.process
  if (registryUrl !== undefined) return { url: registryUrl, token: registryToken }
  // Our own registry in another process of this system wants the token that it was given itself.
  const url = local?.addresses().url ?? `http://127.0.0.1:${settings.registry.port}`
  return { url, token: settings.registry.token }
}

const nobody = (): never => {
  throw new Error('The registry calls no other service')
}

/** Opens it; a registry that lives here is created but does not listen yet. */
export async function openRegistry(options: OpenRegistryOptions): Promise<OpenRegistry> {
  const { settings, registrySettings, isHere, ports, shutdown } = options
  const unused: Registry = { register: nobody, deregister: nobody, instances: nobody, watch: nobody }
  const local = isHere
    ? await registry.create({ ...ports, registry: unused, call: nobody }, registrySettings, {})
    : undefined
  if (local !== undefined && settings.registryUrl === undefined) return { port: local.port, local }
  const { log, clock } = ports
  const port = createConsulRegistry({
    ...registryAddress({ process: settings, registry: registrySettings }),
    log,
    clock,
  })
  shutdown.add('registry client', () => port.close())
  return { port, local }
}
