// The registry as the rest of the platform sees it: healthy instances at hand, told again when they change.
import { isDeepStrictEqual } from 'node:util'
import { type Looked, worthTrying } from '../../kernel/late-looks.ts'
import type { Instance, Logger, Registry } from '../../kernel/ports.ts'
import { registrationBody } from '../../kernel/registration-body.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { NewService } from './definitions/service.ts'
import { readService } from './definitions/service.ts'
import { readChecks, readServices } from './store/catalog-store.ts'
import { changeRegistry } from './store/changes.ts'
import { deregisterService, registerService } from './store/registrations.ts'

/** The port, and the way to tell it that something changed. */
export interface Instances {
  readonly port: Registry
  /** Reads all services anew; resolves when that is done. */
  reload(): Promise<void>
  readonly isLoaded: () => boolean
}

type OnChange = (instances: readonly Instance[]) => void

const none: readonly Instance[] = Object.freeze([])

/** What an instance of the platform registers, read as any other registration. */
export function registrationOf(instance: Parameters<Registry['register']>[0]): NewService {
  return readService(registrationBody(instance))
}

async function readInstances(sql: Sql, nodeAddress: string): Promise<ReadonlyMap<string, readonly Instance[]>> {
  const services = await readServices(sql)
  const checks = Map.groupBy(await readChecks(sql), (check) => check.serviceId ?? '')
  const all = services.map(({ id, name, definition }): Looked<Instance> => {
    const { address, port, tags } = definition
    const instance = { id, service: name, address: address === '' ? nodeAddress : address, port, healthy: true, tags }
    return { instance, checks: checks.get(id) ?? [] }
  })
  const byService = Map.groupBy(all, ({ instance }) => instance.service)
  return new Map([...byService].map(([service, looked]) => [service, worthTrying(looked)]))
}

type Lists = ReadonlyMap<string, readonly Instance[]>

interface Watchers {
  add(service: string, onChange: OnChange, now: readonly Instance[]): () => void
  /** Calls those whose service is another than before. */
  tellChanges(before: Lists, after: Lists): void
}

function createWatchers(log: Logger): Watchers {
  const watchers = new Map<string, Set<OnChange>>()
  const tell = (service: string, onChange: OnChange, instances: readonly Instance[]): void => {
    try {
      onChange(instances)
    } catch (error) {
      log.error('registry.watcher.failed', { service, error })
    }
  }
  return {
    add(service, onChange, now) {
      const own: OnChange = (instances) => onChange(instances)
      const all = watchers.get(service) ?? new Set()
      watchers.set(service, all.add(own))
      tell(service, own, now)
      return () => {
        all.delete(own)
        if (all.size === 0 && watchers.get(service) === all) watchers.delete(service)
      }
    },
    tellChanges(before, after) {
      for (const [service, all] of watchers) {
        const now = after.get(service) ?? none
        if (isDeepStrictEqual(before.get(service) ?? none, now)) continue
        for (const onChange of all) tell(service, onChange, now)
      }
    },
  }
}

/** Creates the port; it knows nothing before the first `reload`. */
export function createInstances(sql: Sql, log: Logger, nodeAddress: string): Instances {
  const state: { lists: Lists; isLoaded: boolean; last: Promise<void>; isQueued: boolean } = {
    lists: new Map(),
    isLoaded: false,
    last: Promise.resolve(),
    isQueued: false,
  }
  const watchers = createWatchers(log)
  const of = (service: string): readonly Instance[] => state.lists.get(service) ?? none

  const load = async (): Promise<void> => {
    state.isQueued = false
    const before = state.lists
    state.lists = await readInstances(sql, nodeAddress)
    state.isLoaded = true
    watchers.tellChanges(before, state.lists)
  }

  // One load runs at a time; those asked for meanwhile share the next one.
  const reload = (): Promise<void> => {
    if (!state.isQueued) {
      state.isQueued = true
      state.last = state.last.then(load, load)
    }
    return state.last
  }

  const port: Registry = {
    async register(instance) {
      const service = registrationOf(instance)
      await changeRegistry(sql, (change) => registerService(change, service, true))
      await reload()
    },
    async deregister(id) {
      await changeRegistry(sql, (change) => deregisterService(change, id))
      await reload()
    },
    instances: of,
    watch: (service, onChange) => watchers.add(service, onChange, of(service)),
  }
  return { port, reload, isLoaded: () => state.isLoaded }
}
