// How many reads a second pass the gateway with token verification and audit. Any FHIR base can be loaded.
// Usage: node bench/reads.ts [--url http://…/fhir --token T] [--clients 16] [--seconds 10]
import { parseArgs } from 'node:util'
import { cohort } from '@xinglin/core/cohort'
import { load } from './load.ts'
import { measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    clients: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '10' },
  },
})
const patients = 100
const target = await openTarget(values)
try {
  const ids: string[] = []
  for (const bundle of cohort({ seed: 3, patients, untilMs: Date.UTC(2026, 0, 1) })) {
    const headers = { 'content-type': 'application/fhir+json', authorization: `Bearer ${target.token}` }
    const answer = await fetch(target.fhirUrl, { method: 'POST', headers, body: JSON.stringify(bundle) })
    if (!answer.ok) throw new Error(`The cohort was refused: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
    ids.push(
      ...(bundle.entry ?? []).flatMap(({ resource }) =>
        resource?.resourceType === 'Patient' ? [`${resource.id}`] : [],
      ),
    )
  }
  const figures = await load(target, {
    clients: Number(values.clients),
    seconds: Number(values.seconds),
    path: (number) => `/Patient/${ids[number % ids.length]}`,
    check: (body) => body.includes('"resourceType":"Patient"'),
  })
  console.log(
    JSON.stringify({ bench: 'reads', clients: Number(values.clients), ...figures, ...measuredOn() }, undefined, 2),
  )
} finally {
  await target.close()
}
