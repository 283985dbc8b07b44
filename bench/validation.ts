// How many Synthea resources are validated per CPU-second, and what the first validation costs in time and memory:
// `node --expose-gc bench/validation.ts [folder]`, prints JSON.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Bundle, Resource } from '../packages/core/src/fhir/types.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../../shared/data/synthea/', import.meta.url))
const rounds = 5

interface Standing {
  readonly ms: number
  readonly rssMb: number
  readonly heapMb: number
}

function standing(): Standing {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { ms: performance.now(), rssMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20 }
}

function cost(before: Standing, after: Standing): Standing {
  const since = (key: keyof Standing): number => Number((after[key] - before[key]).toFixed(1))
  return { ms: since('ms'), rssMb: since('rssMb'), heapMb: since('heapMb') }
}

function readResources(): readonly Resource[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json.gz'))
    .sort()
    .flatMap((file) => {
      const bundle = JSON.parse(gunzipSync(readFileSync(`${folder}/${file}`)).toString('utf8')) as Bundle
      return (bundle.entry ?? []).flatMap((entry) => entry.resource ?? [])
    })
}

const resources = readResources()
const before = standing()
const { validateResource } = await import('../packages/core/src/fhir/validation/index.ts')
const loaded = standing()
let errors = 0
for (const resource of resources)
  errors += validateResource(resource).filter(({ severity }) => severity === 'error').length
const compiled = standing()

const start = process.cpuUsage()
for (let round = 0; round < rounds; round += 1) for (const resource of resources) validateResource(resource)
const { user, system } = process.cpuUsage(start)

console.log(
  JSON.stringify({
    bench: 'validation',
    node: process.version,
    resources: resources.length,
    errors,
    resourcesPerCpuSecond: Math.round((resources.length * rounds * 1e6) / (user + system)),
    load: cost(before, loaded),
    firstRound: cost(loaded, compiled),
  }),
)
