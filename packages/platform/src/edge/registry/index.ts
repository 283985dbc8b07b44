// The registry: which services there are, where, and how well they are; keys and locks; in Consul's HTTP API.
import type { Service } from '../../kernel/service.ts'
import {
  createRegistry,
  type RegistryExtra,
  type RegistryPorts,
  type RegistrySettings,
  type RunningRegistry,
} from './registry.ts'
import { registrySettings } from './settings.ts'

export type { RegistryExtra, RegistryPorts, RunningRegistry } from './registry.ts'

/** The registry as the composition root sees it. */
export const registry = {
  name: 'registry',
  purpose: 'Knows the services, watches their health, keeps keys and locks; speaks Consul’s HTTP API',
  paths: [],
  settings: registrySettings,
  sql: { schema: 'registry', folder: new URL('./sql/', import.meta.url) },
  create: (ports: RegistryPorts, settings: RegistrySettings, extra?: RegistryExtra): Promise<RunningRegistry> =>
    createRegistry(ports, settings, extra),
} as const satisfies Service<typeof registrySettings, RegistryExtra | undefined>
