// `xinglin config`: shows, sets and removes the settings that change while the system runs; they lie in the registry's keys.
import { AppError } from '@xinglin/core/errors'
import { systemKeys } from '../composition/keys.ts'
import { configurationPrefix } from '../composition/live-configuration.ts'
import { registryAddress } from '../composition/open-registry.ts'
import { dataFolderOf, type ProcessSettings } from '../composition/process-settings.ts'
import { type ConsulAddress, type KeyStore, openKeys } from '../engines/consul/index.ts'
import { parseSetting, type SettingSpec } from '../kernel/config.ts'
import { isLoopback } from '../kernel/loopback.ts'
import { settingsByOwner } from '../services.ts'
import { ownSettings, runningSystem } from './place.ts'

interface LiveSetting {
  readonly owner: string
  readonly spec: SettingSpec
}

const live: readonly LiveSetting[] = Object.entries(settingsByOwner).flatMap(([owner, specs]) =>
  Object.values<SettingSpec>(specs).flatMap((spec) => (spec.isLive === true ? [{ owner, spec }] : [])),
)

// Our registry on this machine may want no token; then the settings in it want the key that lies in the data folder.
async function withOwnKey(address: ConsulAddress, settings: ProcessSettings): Promise<ConsulAddress> {
  if (address.token !== undefined || !isLoopback(new URL(address.url).hostname)) return address
  const { registry: token } = await systemKeys(dataFolderOf(settings), settings.internalKey)
  return { ...address, token }
}

async function withKeys<T>(use: (keys: KeyStore) => Promise<T>): Promise<T> {
  const settings = ownSettings()
  const running = await runningSystem(settings.process)
  const address = await withOwnKey(registryAddress(settings), settings.process)
  const isOwn = settings.process.registryUrl === undefined && (running?.registryUrl ?? '') !== ''
  const keys = openKeys(isOwn ? { ...address, url: running?.registryUrl ?? address.url } : address, configurationPrefix)
  try {
    return await use(keys)
  } finally {
    await keys.close()
  }
}

function demandLive(name: string): SettingSpec {
  const found = live.find(({ spec }) => spec.env === name)
  if (found !== undefined) return found.spec
  const names = live.map(({ spec }) => spec.env).join(', ')
  throw new AppError(
    'invalid-parameter',
    `${name} is no setting that changes while the system runs; those are ${names}`,
  )
}

/** Prints the live settings with their values in the registry. */
export async function listConfiguration(isJson: boolean): Promise<void> {
  const values = await withKeys((keys) => keys.list())
  const rows = live.map(({ owner, spec }) => ({
    owner,
    name: spec.env,
    value: values.get(spec.env) ?? null,
    default: spec.fallback ?? null,
    about: spec.about,
  }))
  if (isJson) {
    process.stdout.write(`${JSON.stringify(rows)}\n`)
    return
  }
  for (const { owner, name, value, default: fallback, about } of rows) {
    process.stdout.write(
      `${owner.padEnd(9)} ${name.padEnd(28)} ${value ?? `${fallback} (default)`}\n          ${about}\n`,
    )
  }
}

/** Sets one in the registry. @throws AppError 'invalid-parameter' when it cannot change, or the value means nothing */
export async function setConfiguration(name: string, value: string): Promise<void> {
  const parsed = parseSetting(demandLive(name), value.trim())
  if ('fault' in parsed) throw new AppError('invalid-parameter', `${name} must be ${parsed.fault}`)
  await withKeys((keys) => keys.set(name, value.trim()))
  process.stdout.write(`${name} is set; every process takes it within seconds, except where its environment sets it.\n`)
}

/** Removes one from the registry, so that its default holds again. */
export async function unsetConfiguration(name: string): Promise<void> {
  demandLive(name)
  await withKeys((keys) => keys.remove(name))
  process.stdout.write(`${name} is at its default again, except where an environment sets it.\n`)
}
