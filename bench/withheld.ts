// What Consents cost the reader: CPU of the store and PostgreSQL per search for a caller to whom they do not apply (the system) and one to
// whom they do (a clinician), before and after a third of the patients withhold. Usage: node bench/withheld.ts
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import { createSearch } from '../packages/platform/src/records/search/search.ts'
import { readCurrent } from '../packages/platform/src/records/store/read-store.ts'
import type { AccessFilter } from '../packages/platform/src/records/types.ts'
import { storeFixture } from '../packages/platform/src/testing/record-store.ts'

const patients = 300
const observationsEach = 20
const rounds = 4
const knowledge = searchKnowledge()

const store = await storeFixture()
const system = store.context('system')
const callers = { system: system.access.read, clinician: store.context('clinician').access.read }

const put = (resource: { readonly resourceType: string; readonly id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

function recordsOf(patient: number): readonly { readonly resourceType: string; readonly id: string }[] {
  const subject = { reference: `Patient/p${patient}` }
  return [
    { resourceType: 'Patient', id: `p${patient}` },
    ...Array.from({ length: observationsEach }, (_one, at) => ({
      ...{ resourceType: 'Observation', id: `o${patient}-${at}`, status: 'final', subject },
      code: { coding: [{ system: 'l', code: `c${at % 10}` }] },
      effectiveDateTime: `2020-01-${String(1 + at).padStart(2, '0')}`,
    })),
  ]
}

const consentOf = (patient: number) => ({
  ...{ resourceType: 'Consent', id: `k${patient}`, status: 'active', patient: { reference: `Patient/p${patient}` } },
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  provision: {
    type: 'deny',
    actor: [
      {
        role: { coding: [{ code: 'IRCP' }] },
        reference: { identifier: { system: 'urn:xinglin:role', value: 'pharmacist' } },
      },
    ],
  },
})

async function write(resources: readonly { readonly resourceType: string; readonly id: string }[]): Promise<void> {
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry: resources.map(put) }
  await store.records.bundle(system, JSON.stringify(bundle))
}

/** Nanoseconds that a process has spent on a CPU (Linux, /proc/PID/schedstat). */
const onCpuNs = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])

const search = createSearch({ sql: store.database.sql, knowledge, cursorKey: 'bench' })

async function cpuUs(): Promise<number> {
  const text = 'SELECT pid FROM pg_stat_activity WHERE datname = current_database()'
  const backends = await store.database.sql.query<{ pid: number }>({ text })
  const { user, system: kernel } = process.cpuUsage()
  return user + kernel + backends.reduce((sum, { pid }) => sum + onCpuNs(pid) / 1000, 0)
}

/** CPU-µs of this process and PostgreSQL per piece of work; the least of some rounds, because others use the machine too. */
async function cost(work: () => Promise<unknown>, count: number): Promise<number> {
  const found: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const before = await cpuUs()
    for (let turn = 0; turn < count; turn += 1) await work()
    found.push(((await cpuUs()) - before) / count)
  }
  return Math.round(Math.min(...found))
}

const read = (access: AccessFilter) => () => readCurrent(store.database.sql, 'Observation', 'o207-3', access)

function searchOf(url: string, access: AccessFilter): () => Promise<unknown> {
  const [type = '', query = ''] = url.split('?')
  const parameters = [...new URLSearchParams(query)]
  const call = { access, holder: 'bench', baseUrl: 'http://x/fhir', selfUrl: `http://x/fhir/${type}` }
  return () => search.search(parseSearch({ types: [type], parameters, lenient: false }), call)
}

const urls = [
  'Observation?patient=p207&_sort=-date',
  'Observation?code=l|c3&status=final',
  'Observation?_lastUpdated=gt2020',
  'Observation?patient=p207&_summary=count',
]

async function measure(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  const entries: [string, Readonly<Record<string, number>>][] = []
  const both = async (name: string, of: (access: AccessFilter) => () => Promise<unknown>, count: number) => {
    const seen = { system: await cost(of(callers.system), count), clinician: await cost(of(callers.clinician), count) }
    entries.push([name, { ...seen, ratio: Math.round((seen.clinician / seen.system) * 100) / 100 }])
  }
  await both('point read', read, 300)
  for (const url of urls) await both(url, (access) => searchOf(url, access), 100)
  return Object.fromEntries(entries)
}

for (let from = 0; from < patients; from += 25)
  await write(Array.from({ length: 25 }, (_one, at) => recordsOf(from + at)).flat())
await store.database.sql.query({ text: 'ANALYZE' })
const withoutConsents = await measure()
await write(Array.from({ length: patients / 3 }, (_one, at) => consentOf(at)))
await store.database.sql.query({ text: 'ANALYZE' })
const withConsents = await measure()
const unit = 'CPU-microseconds of this process and PostgreSQL together'
const about = { patients, observations: patients * observationsEach, load: loadavg()[0], unit }
console.log(JSON.stringify({ ...about, withoutConsents, withConsents }, null, 2))
await store.close()
