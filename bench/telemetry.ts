// What telemetry costs on the read path, by CPU a request: reads through the gateway of a system without telemetry, and of one with it
// where the trace is not sampled, where the system decides by itself (a tenth is recorded), and where every trace is recorded and
// kept. Short slices in turn, so that what else the machine does meets all alike.
// Usage: node bench/telemetry.ts [--rounds 12] [--requests 3000] [--clients 8]
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { cohort } from '@xinglin/core/cohort'
import { Agent, request } from 'undici'
import { type BenchTarget, measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    requests: { type: 'string', default: '3000' },
    clients: { type: 'string', default: '8' },
  },
})
const [rounds, requests, clients] = [values.rounds, values.requests, values.clients].map(Number) as [
  number,
  number,
  number,
]

/** One way of asking. */
interface Arm {
  readonly name: 'off' | 'not sampled' | 'by default' | 'recorded'
  readonly target: BenchTarget
  readonly ids: readonly string[]
  /** Flags of the traceparent that is sent; without it none is, and the system decides itself. */
  readonly flags?: '00' | '01'
}

interface Cost {
  readonly server: number
  readonly postgres: number
}

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

async function slice({ target, ids, flags }: Arm, agent: Agent, count: number): Promise<Cost> {
  const next = { number: 0 }
  const client = async (): Promise<void> => {
    while (next.number < count) {
      const id = ids[next.number++ % ids.length]
      const trace = randomBytes(24).toString('hex')
      const headers = {
        authorization: `Bearer ${target.token}`,
        ...(flags === undefined ? {} : { traceparent: `00-${trace.slice(0, 32)}-${trace.slice(32)}-${flags}` }),
      }
      const answer = await request(`${target.fhirUrl}/Patient/${id}`, { headers, dispatcher: agent })
      const body = await answer.body.text()
      if (answer.statusCode !== 200 || !body.includes('"resourceType":"Patient"')) {
        throw new Error(`${answer.statusCode} ${body.slice(0, 300)}`)
      }
    }
  }
  const before = await target.cpuSeconds()
  await Promise.all(Array.from({ length: clients }, client))
  const after = await target.cpuSeconds()
  const micros = (seconds: number): number => (seconds * 1e6) / count
  return { server: micros(after.server - before.server), postgres: micros(after.postgres - before.postgres) }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

async function keptTraces(target: BenchTarget): Promise<{ readonly spans: number; readonly count: number }> {
  const headers = { authorization: `Bearer ${target.token}` }
  const base = target.fhirUrl.replace(/\/fhir$/, '')
  const listed = await fetch(`${base}/telemetry/traces?limit=1&name=Patient`, { headers })
  const { traces } = (await listed.json()) as { readonly traces: readonly { readonly spans: number }[] }
  const figures = await fetch(`${base}/telemetry/services?minutes=60`, { headers })
  const { services } = (await figures.json()) as { readonly services: readonly { readonly traces: number }[] }
  return { spans: traces[0]?.spans ?? 0, count: services.reduce((sum, one) => sum + one.traces, 0) }
}

const opened: BenchTarget[] = []
const open = async (settings: Readonly<Record<string, string>>): Promise<BenchTarget> => {
  const target = await openTarget({ settings })
  opened.push(target)
  return target
}
const agent = new Agent({ connections: clients, pipelining: 1 })
try {
  const without = await open({ OTEL_SDK_DISABLED: 'true' })
  const withIt = await open({})
  const [idsWithout, idsWith] = [await fill(without), await fill(withIt)]
  const arms: readonly Arm[] = [
    { name: 'off', target: without, ids: idsWithout, flags: '00' },
    { name: 'not sampled', target: withIt, ids: idsWith, flags: '00' },
    { name: 'by default', target: withIt, ids: idsWith },
    { name: 'recorded', target: withIt, ids: idsWith, flags: '01' },
  ]
  for (const arm of arms) await slice(arm, agent, requests * 3) // warm
  const costs = new Map<Arm, Cost[]>(arms.map((arm) => [arm, []]))
  for (let round = 0; round < rounds; round++) {
    for (const at of arms.keys()) {
      const arm = arms[(at + round) % arms.length]
      if (arm !== undefined) costs.get(arm)?.push(await slice(arm, agent, requests))
    }
  }
  const rows = arms.map((arm) => {
    const own = costs.get(arm) ?? []
    const server = median(own.map((cost) => cost.server))
    const postgres = median(own.map((cost) => cost.postgres))
    return { arm: arm.name, server, postgres, both: median(own.map((cost) => cost.server + cost.postgres)) }
  })
  const off = rows[0]?.both ?? Number.NaN
  const kept = await keptTraces(withIt)
  const cpuMicros = rows.map(({ arm, ...row }) => ({
    arm,
    ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Math.round(value)])),
    addedPercent: Math.round(((row.both - off) / off) * 1000) / 10,
  }))
  const how = { rounds, requests, clients, spansPerRequest: kept.spans, tracesKept: kept.count }
  console.log(JSON.stringify({ bench: 'telemetry', ...how, cpuMicros, ...measuredOn() }, undefined, 2))
} finally {
  await agent.close()
  for (const target of opened) await target.close()
}
