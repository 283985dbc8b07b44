// The live settings of this process follow the registry's keys below `xinglin/config/`, ours or Consul's.
import { followKeys } from '../engines/consul/index.ts'
import type { LiveChange, LiveSettings } from '../kernel/live-settings.ts'
import type { Clock, Logger } from '../kernel/ports.ts'
import type { settingsByOwner } from '../services.ts'
import type { OpenRegistry } from './open-registry.ts'

/** Where the values of live settings stand in the registry: this, then the environment variable. */
export const configurationPrefix = 'xinglin/config/'

/** What following takes. */
export interface ConfigurationParts {
  readonly live: LiveSettings<typeof settingsByOwner>
  readonly registry: OpenRegistry
  readonly log: Logger
  readonly clock: Clock
}

function report(log: Logger, { name: setting, outcome, reason }: LiveChange): void {
  if (outcome === 'changed') log.info('config.changed', { setting })
  else log.warn(`config.${outcome}`, { setting, reason })
}

/** Begins to follow; the result ends it. While the registry cannot be reached the last values stay. */
export function followConfiguration({ live, registry, log, clock }: ConfigurationParts): () => Promise<void> {
  return followKeys({
    address: registry.address(),
    prefix: configurationPrefix,
    log,
    clock,
    onValues: (values) => {
      for (const change of live.apply(values)) report(log, change)
    },
  })
}
