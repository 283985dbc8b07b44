// How fast a clinic's searches are with many records stored. Any FHIR base can be loaded; `--data` keeps the filled folder for the next run.
// Usage: node bench/search.ts [--resources 500000] [--folder bundles] [--data folder] [--url http://…/fhir --token T] [--clients 16] [--seconds 10]
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { cohort } from '@xinglin/core/cohort'
import { load } from './load.ts'
import { type BenchTarget, measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    data: { type: 'string' },
    folder: { type: 'string', default: '../shared/data/synthea' },
    resources: { type: 'string', default: '500000' },
    clients: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '10' },
  },
})

function* bundles(): Generator<string> {
  const names = existsSync(values.folder)
    ? readdirSync(values.folder).filter((name) => /\.json(\.gz)?$/.test(name))
    : []
  const texts = names.map((name) => {
    const bytes = readFileSync(`${values.folder}/${name}`)
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  })
  // Synthea's Bundles give new ids each time; the cohort needs another seed for other people.
  for (let round = 0; ; round += 1) {
    if (texts.length > 0) yield* texts
    else
      for (const bundle of cohort({ seed: round + 1, patients: 500, untilMs: Date.UTC(2026, 0, 1) }))
        yield JSON.stringify(bundle)
  }
}

async function ask(target: BenchTarget, path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const headers = {
    'content-type': 'application/fhir+json',
    authorization: `Bearer ${target.token}`,
    prefer: 'return=minimal',
  }
  const answer = await fetch(`${target.fhirUrl}${path}`, { headers, ...init })
  const body = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${body.slice(0, 300)}`)
  return JSON.parse(body) as Record<string, unknown>
}

async function fill(target: BenchTarget, wanted: number): Promise<number> {
  const { total } = (await ask(target, '?_summary=count')) as { total: number }
  let stored = Number(total)
  const source = bundles()
  const lane = async (): Promise<void> => {
    while (stored < wanted) {
      const text = source.next().value
      if (text === undefined) return
      const answer = await ask(target, '', { method: 'POST', body: text })
      stored += (answer.entry as unknown[]).length
      if (process.stderr.isTTY) process.stderr.write(`\r${stored} of ${wanted} resources`)
    }
  }
  await Promise.all([lane(), lane(), lane()])
  return stored
}

type Entry = { readonly resource: { readonly id: string } }

const target = await openTarget(values)
try {
  const stored = await fill(target, Number(values.resources))
  const found = await ask(target, '/Patient?_count=500')
  const ids = (found.entry as Entry[]).map(({ resource }) => resource.id)
  const idOf = (number: number): string => ids[(number * 7) % ids.length] ?? ''
  const searches: Readonly<Record<string, (number: number) => string>> = {
    observationsByCode: (number) =>
      `/Observation?patient=${idOf(number)}&code=http://loinc.org|8302-2&_sort=-date&_count=20`,
    encountersOfPatient: (number) => `/Encounter?patient=${idOf(number)}&_sort=-date&_count=20`,
    patientsByName: (number) => `/Patient?name=${'abcdefghijklmnoprstw'[number % 20]}&_count=20`,
    conditionsByReverseChain: () => '/Patient?_has:Condition:patient:code=http://snomed.info/sct|59621000&_count=20',
  }
  const figures: Record<string, unknown> = {}
  for (const [name, path] of Object.entries(searches)) {
    const options = { clients: Number(values.clients), seconds: Number(values.seconds), path }
    figures[name] = await load(target, { ...options, check: (body) => body.includes('"resourceType":"Bundle"') })
  }
  const shown = { bench: 'search', stored, clients: Number(values.clients), figures, ...measuredOn() }
  console.log(JSON.stringify(shown, undefined, 2))
} finally {
  await target.close()
}
