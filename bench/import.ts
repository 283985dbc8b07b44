// How fast Synthea transaction Bundles are imported: through a whole system of its own, into any FHIR base (`--url`), or into
// the store alone (`--in-process`).
// Usage: node bench/import.ts [--in-process | --url http://127.0.0.1:8080/fhir --token T] [--folder F] [--concurrency 3] [--repeat 1]
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type ImportTarget, importHere } from './import-in-process.ts'
import { measuredOn, openTarget } from './target.ts'

/** A Bundle to import. */
export interface ImportFile {
  readonly text: string
  readonly resources: number
}

const { values } = parseArgs({
  options: {
    'in-process': { type: 'boolean', default: false },
    url: { type: 'string' },
    token: { type: 'string' },
    folder: { type: 'string', default: '../shared/data/synthea' },
    concurrency: { type: 'string', default: '3' },
    repeat: { type: 'string', default: '1' },
  },
})

function readFiles(folder: string): readonly ImportFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json.gz') || name.endsWith('.json'))
  return names.toSorted().map((name) => {
    const bytes = readFileSync(`${folder}/${name}`)
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
    return { text, resources: (JSON.parse(text) as { entry: unknown[] }).entry.length }
  })
}

async function importOver(url: string, token: string | undefined, text: string): Promise<void> {
  const headers = {
    'content-type': 'application/fhir+json',
    prefer: 'return=minimal',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const answer = await fetch(url, { method: 'POST', headers, body: text, signal: AbortSignal.timeout(300_000) })
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${body.slice(0, 500)}`)
}

async function importThrough(): Promise<ImportTarget> {
  const target = await openTarget(values)
  const before = await target.cpuSeconds()
  return {
    send: (text) => importOver(target.fhirUrl, target.token, text),
    async report(resources) {
      const after = await target.cpuSeconds()
      await target.close()
      const perThousand = (seconds: number): number => Math.round((seconds * 1e6) / resources)
      return {
        cpuMsPer1000: {
          node: perThousand(after.server - before.server),
          postgres: perThousand(after.postgres - before.postgres),
        },
      }
    },
  }
}

async function main(): Promise<void> {
  const files = readFiles(values.folder)
  const work = Array.from({ length: Number(values.repeat) }, () => files).flat()
  const target = values['in-process'] ? await importHere() : await importThrough()
  const rest = work.values()
  const latencies: number[] = []
  const started = performance.now()
  await Promise.all(
    Array.from({ length: Number(values.concurrency) }, async () => {
      for (const file of rest) {
        const begun = performance.now()
        await target.send(file.text)
        latencies.push(performance.now() - begun)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const resources = work.reduce((sum, file) => sum + file.resources, 0)
  const sorted = latencies.toSorted((a, b) => a - b)
  const result = {
    bench: 'import',
    target: values['in-process'] ? 'the store alone' : (values.url ?? 'a whole system'),
    bundles: work.length,
    resources,
    megabytes: Math.round(work.reduce((sum, file) => sum + file.text.length, 0) / 1e6),
    concurrency: Number(values.concurrency),
    seconds: Math.round(seconds * 100) / 100,
    resourcesPerSecond: Math.round(resources / seconds),
    bundleMs: { p50: Math.round(sorted[sorted.length >> 1] ?? 0), max: Math.round(sorted.at(-1) ?? 0) },
    ...(await target.report(resources)),
    ...measuredOn(),
  }
  console.log(JSON.stringify(result, null, 2))
}

await main()
