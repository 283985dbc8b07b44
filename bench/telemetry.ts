// What telemetry costs on the read path: the same reads through the gateway on systems of their own, in turn, by CPU a request.
// Usage: node bench/telemetry.ts [--rounds 5] [--seconds 4] [--clients 8]
import { parseArgs } from 'node:util'
import { cohort } from '@xinglin/core/cohort'
import { type LoadFigures, load } from './load.ts'
import { type BenchTarget, measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '8' },
  },
})
const modes = {
  off: { OTEL_SDK_DISABLED: 'true' },
  metrics: { OTEL_TRACES_SAMPLER: 'always_off' },
  tenth: { OTEL_TRACES_SAMPLER_ARG: '0.1' },
  all: { OTEL_TRACES_SAMPLER_ARG: '1' },
} as const
type Mode = keyof typeof modes
const names = Object.keys(modes) as readonly Mode[]

async function fill(target: BenchTarget): Promise<readonly string[]> {
  const ids: string[] = []
  for (const bundle of cohort({ seed: 3, patients: 30, untilMs: Date.UTC(2026, 0, 1) })) {
    const headers = { 'content-type': 'application/fhir+json', authorization: `Bearer ${target.token}` }
    const answer = await fetch(target.fhirUrl, { method: 'POST', headers, body: JSON.stringify(bundle) })
    if (!answer.ok) throw new Error(`The cohort was refused: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
    const own = bundle.entry ?? []
    ids.push(...own.flatMap(({ resource }) => (resource?.resourceType === 'Patient' ? [`${resource.id}`] : [])))
  }
  return ids
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

async function spansOf(target: BenchTarget): Promise<number> {
  const headers = { authorization: `Bearer ${target.token}` }
  const answer = await fetch(target.fhirUrl.replace(/\/fhir$/, '/telemetry/traces?limit=1&name=Patient'), { headers })
  const { traces } = (await answer.json()) as { readonly traces: readonly { readonly spans: number }[] }
  return traces[0]?.spans ?? 0
}

const targets = new Map<Mode, BenchTarget>()
const figures = new Map<Mode, LoadFigures[]>(names.map((name) => [name, []]))
try {
  for (const name of names) targets.set(name, await openTarget({ settings: modes[name] }))
  const ids = new Map<Mode, readonly string[]>()
  for (const [name, target] of targets) ids.set(name, await fill(target))
  for (let round = 0; round < Number(values.rounds); round++) {
    // Another order each round, so that what the machine does besides meets all alike.
    for (const at of names.keys()) {
      const name = names[(at + round) % names.length] ?? 'off'
      const [target, own = []] = [targets.get(name), ids.get(name)]
      if (target === undefined) continue
      const measured = await load(target, {
        clients: Number(values.clients),
        seconds: Number(values.seconds),
        path: (number) => `/Patient/${own[number % own.length]}`,
        check: (body) => body.includes('"resourceType":"Patient"'),
      })
      figures.get(name)?.push(measured)
    }
  }
  const rows = names.map((name) => {
    const own = figures.get(name) ?? []
    const server = median(own.map(({ cpuMicros }) => cpuMicros.server))
    const postgres = median(own.map(({ cpuMicros }) => cpuMicros.postgres))
    return {
      mode: name,
      cpuMicros: { server, postgres, both: server + postgres },
      perSecond: median(own.map(({ perSecond }) => perSecond)),
    }
  })
  const off = rows[0]?.cpuMicros.both ?? Number.NaN
  const compared = rows.map((row) => ({
    ...row,
    addedPercent: Math.round(((row.cpuMicros.both - off) / off) * 1000) / 10,
  }))
  const all = targets.get('all')
  const spansPerRequest = all === undefined ? 0 : await spansOf(all)
  console.log(
    JSON.stringify(
      { bench: 'telemetry', rounds: Number(values.rounds), spansPerRequest, modes: compared, ...measuredOn() },
      undefined,
      2,
    ),
  )
} finally {
  for (const target of targets.values()) await target.close()
}
