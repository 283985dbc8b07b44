// The registry as a source of models to serve: a version in production is served under its own number.
import type { Blobs } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { ModelSource } from '../repository/model-files.ts'
import { readGraphBytes } from './graph-bytes.ts'
import { namesInProduction, readDescription, readProduction } from './store.ts'

/** Models whose production version lies in the blobs. */
export function registrySource(sql: Sql, blobs: Blobs): ModelSource {
  return {
    names: () => namesInProduction(sql),
    async open(name) {
      const production = await readProduction(sql, name)
      if (production?.artefact === undefined) return undefined
      const { version, config, sha256 } = production
      return {
        name,
        origin: 'registry',
        configText: config === '' ? undefined : config,
        fingerprint: `registry ${version} ${sha256}`,
        versions: [version],
        readGraph: () => readGraphBytes(blobs, production),
        readFile: async () => undefined,
      }
    },
  }
}

/** Shipped models, without those that the registry has put out of production. */
export function shippedInProduction(shipped: ModelSource, sql: Sql): ModelSource {
  const isServed = async (name: string): Promise<boolean> => {
    const isRegistered = (await readDescription(sql, name)) !== undefined
    return !isRegistered || (await readProduction(sql, name)) !== undefined
  }
  return {
    names: shipped.names,
    open: async (name) => ((await isServed(name)) ? shipped.open(name) : undefined),
  }
}
