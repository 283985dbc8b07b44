// What the chaos room is given: the services of the product, their readiness, the registry it leads callers by.
import { join } from 'node:path'
import type { ChaosExtra } from '../edge/chaos/index.ts'
import { registryOrigins } from '../engines/consul/index.ts'
import type { ReadinessParts } from './readiness.ts'
import { readinessOf } from './readiness.ts'

/** What it is made of. */
export interface ChaosRoomParts extends Omit<ReadinessParts, 'elsewhere' | 'local'> {
  /** Names of all services, and of those in this process. */
  readonly all: readonly string[]
  readonly here: readonly string[]
  readonly local: ReadinessParts['local']
  /** As in CONSUL_HTTP_ADDR. */
  readonly registryUrl: string
  readonly registryToken: string | undefined
  readonly dataFolder: string
}

/** Makes it. */
export function chaosRoom(parts: ChaosRoomParts): ChaosExtra {
  const { all, here, local, dataFolder, registryUrl, registryToken: token } = parts
  const [url = registryUrl] = registryOrigins(registryUrl) // of several each will do
  const elsewhere = all.filter((name) => !here.includes(name))
  const readiness = readinessOf({ ...parts, elsewhere, local: () => local().filter(({ name }) => name !== 'chaos') })
  return {
    services: all.map((name) => ({ name, isHere: here.includes(name) })),
    readiness,
    registry: { url, token },
    journalFolder: join(dataFolder, 'chaos'),
  }
}
