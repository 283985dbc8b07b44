// How many Synthea resources are turned into index rows per CPU-second: `node bench/index-rows.ts [folder]`, prints JSON.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { indexRows } from '../packages/core/src/fhir/search/index.ts'
import type { Bundle, Resource } from '../packages/core/src/fhir/types.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../../shared/data/synthea/', import.meta.url))
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.json.gz'))
  .toSorted()
  .slice(0, 20)
const resources = files.flatMap((file): readonly Resource[] => {
  const text = gunzipSync(readFileSync(`${folder}/${file}`)).toString('utf8')
  const bundle = JSON.parse(text) as Bundle
  // References inside the transaction become literal, as they are when the store has resolved them.
  const types = new Map((bundle.entry ?? []).map((entry) => [entry.fullUrl, entry.resource?.resourceType]))
  const resolved = text.replace(/"reference": *"(urn:uuid:([^"]+))"/g, (all, urn: string, id: string) => {
    const type = types.get(urn)
    return type === undefined ? all : `"reference":"${type}/${id}"`
  })
  return ((JSON.parse(resolved) as Bundle).entry ?? []).flatMap((entry) => entry.resource ?? [])
})

function measure(rounds: number): { readonly perCpuSecond: number; readonly rows: Readonly<Record<string, number>> } {
  const rows = { tok: 0, tokens: 0, strings: 0, dates: 0, numbers: 0, references: 0 }
  const start = process.cpuUsage()
  for (let round = 0; round < rounds; round += 1) {
    for (const resource of resources) {
      const made = indexRows(resource)
      rows.tok += made.tok.length
      rows.tokens += made.tokens.length
      rows.strings += made.strings.length
      rows.dates += made.dates.length
      rows.numbers += made.numbers.length
      rows.references += made.references.length
    }
  }
  const { user, system } = process.cpuUsage(start)
  const count = resources.length * rounds
  const perResource = Object.entries(rows).map(([name, sum]) => [name, Number((sum / count).toFixed(2))])
  return { perCpuSecond: Math.round((count / (user + system)) * 1e6), rows: Object.fromEntries(perResource) }
}

measure(1)
const { perCpuSecond, rows } = measure(5)
console.log(
  JSON.stringify({
    bench: 'index-rows',
    node: process.version,
    resources: resources.length,
    resourcesPerCpuSecond: perCpuSecond,
    rowsPerResource: rows,
  }),
)
