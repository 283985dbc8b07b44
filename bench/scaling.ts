// What one request of each service costs in CPU, and what it leaves on disk: the figures of docs/scaling.md.
// Usage: node bench/scaling.ts [--share 1] > bench/results/scaling.json
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { cohort } from '@xinglin/core/cohort'
import { createChestPhantom, phantomFiles } from '@xinglin/core/dicom/phantom'
import { icuStayBundle } from '@xinglin/core/explain/icu'
import pg from 'pg'
import { type CpuSeconds, measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' } } })
const usualClients = 4
const fhirType = 'application/fhir+json'

/** One kind of request, asked `count` times. */
interface Operation {
  readonly name: string
  readonly count: number
  /** At once; 4 unless said. */
  readonly clients?: number
  readonly ask: (number: number) => Promise<unknown>
}

const target = await openTarget({})
const base = target.fhirUrl.replace(/\/fhir$/, '')
const authorization = `Bearer ${target.token}`

async function send(path: string, type?: string, body?: RequestInit['body']): Promise<unknown> {
  const init = type === undefined ? {} : { method: 'POST', body: body ?? null }
  const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) }
  const answer = await fetch(`${base}${path}`, { ...init, headers })
  const bytes = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${bytes.toString().slice(0, 300)}`)
  return answer.headers.get('content-type')?.includes('json') === true ? JSON.parse(bytes.toString()) : bytes
}

const sendJson = (path: string, body: unknown, type = 'application/json') => send(path, type, JSON.stringify(body))

interface Bundle {
  readonly entry?: readonly { readonly resource?: { readonly resourceType: string; readonly id?: string } }[]
}

async function fill(): Promise<{ readonly patients: readonly string[]; readonly resources: number }> {
  const patients: string[] = []
  let resources = 0
  for (const bundle of cohort({ seed: 3, patients: 60, untilMs: Date.UTC(2026, 0, 1) }) as Iterable<Bundle>) {
    await sendJson('/fhir', bundle, fhirType)
    resources += bundle.entry?.length ?? 0
    patients.push(
      ...(bundle.entry ?? []).flatMap(({ resource }) =>
        resource?.resourceType === 'Patient' ? [`${resource.id}`] : [],
      ),
    )
  }
  return { patients, resources }
}

// As autovacuum does within a quarter of a minute: a system in use has statistics of its tables.
async function analyze(): Promise<void> {
  const client = new pg.Client({ connectionString: target.databaseUrl })
  await client.connect()
  await client.query('ANALYZE')
  await client.end()
}

async function databaseBytes(): Promise<number> {
  const client = new pg.Client({ connectionString: target.databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  await client.end()
  return Number(rows[0]?.bytes)
}

async function measure({ name, count, clients = usualClients, ask }: Operation) {
  const total = Math.max(3, Math.round(count * Number(values.share)))
  await ask(0) // the first of its kind may start a process
  const before = await target.cpuSeconds()
  const startedAt = performance.now()
  const next = { number: 1 }
  const client = async (): Promise<void> => {
    while (next.number <= total) await ask(next.number++)
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - startedAt) / 1000
  const after = await target.cpuSeconds()
  const ms = (part: keyof CpuSeconds): number => Math.round((1e6 * (after[part] - before[part])) / total) / 1000
  const figures = { requests: total, serverMs: ms('server'), postgresMs: ms('postgres'), enginesMs: ms('engines') }
  process.stderr.write(`${name}: ${JSON.stringify(figures)} in ${seconds.toFixed(1)} s\n`)
  return { name, ...figures }
}

const phantom = createChestPhantom({ seed: 11, size: 512, slices: 24 })
const slices = (occasion: number) =>
  [...phantomFiles(phantom, { patientId: `SCALE-${occasion}`, occasion })].map(({ bytes }) => Buffer.from(bytes))

function multipart(file: Buffer): Buffer {
  const head = Buffer.from('--part\r\nContent-Type: application/dicom\r\n\r\n')
  return Buffer.concat([head, file, Buffer.from('\r\n--part--\r\n')])
}

function form(file: Buffer): FormData {
  const made = new FormData()
  made.set('file', new Blob([new Uint8Array(file)]), 'slice.dcm')
  return made
}

const observation = (patient: string | undefined, number: number) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: `Patient/${patient}` },
  effectiveDateTime: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
  valueQuantity: { value: 60 + (number % 40), unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
})

async function predict(file: Buffer): Promise<unknown> {
  const init = { method: 'POST', body: form(file), headers: { authorization } }
  const answer = await fetch(`${base}/predict/lung-nodule`, init)
  if (!answer.ok) throw new Error(`The prediction answered ${answer.status}: ${await answer.text()}`)
  return answer.arrayBuffer()
}

function operations(patients: readonly string[]): readonly Operation[] {
  const patient = (number: number) => patients[number % patients.length]
  const first = slices(1)
  const vitals = Array.from({ length: 24 * 12 }, (_none, index) => 50 + (index % 40))
  const tensor = { inputs: [{ name: 'values', shape: [1, 24, 12], datatype: 'FP32', data: vitals }] }
  const interview = async (number: number): Promise<unknown> => {
    const begun = { symptoms: ['Cough', 'Fever'], age: 20 + (number % 60), sex: number % 2 === 0 ? 'female' : 'male' }
    return sendJson('/triage', begun)
  }
  return [
    { name: 'FHIR read', count: 4000, ask: (number) => send(`/fhir/Patient/${patient(number)}`) },
    {
      name: 'FHIR search, a page of 20 Observations',
      count: 2000,
      ask: (number) => send(`/fhir/Observation?patient=${patient(number)}&_sort=-date&_count=20`),
    },
    {
      name: 'FHIR create',
      count: 1500,
      ask: (number) => sendJson('/fhir/Observation', observation(patient(number), number), fhirType),
    },
    { name: 'audit search, a page of 20', count: 400, ask: () => send('/audit/events?_count=20') },
    { name: 'triage', count: 1000, ask: interview },
    {
      name: 'model served: LSTM, one row',
      count: 1000,
      ask: () => sendJson('/v2/models/icu_mortality_lstm/infer', tensor),
    },
    { name: 'CT slice stored (0.5 MB)', count: 20, ask: (number) => store(first[number % first.length]) },
    { name: 'CT studies searched', count: 400, ask: () => send('/dicom-web/studies?limit=10') },
    {
      name: 'CT slice predicted',
      count: 12,
      ask: (number) => predict(first[number % first.length] ?? Buffer.alloc(0)),
    },
    {
      name: 'risk explained',
      count: 4,
      clients: 1,
      ask: () => sendJson('/api/v1/explain/risk', { patient: 'scaling-icu' }),
    },
  ]
}

async function store(file: Buffer | undefined): Promise<unknown> {
  const body = multipart(file ?? Buffer.alloc(0))
  return send('/dicom-web/studies', 'multipart/related; type="application/dicom"; boundary=part', new Uint8Array(body))
}

try {
  const empty = await databaseBytes()
  const { patients, resources } = await fill()
  const filled = await databaseBytes()
  await analyze()
  const stay = {
    seed: 21,
    patientId: 'scaling-icu',
    family: 'Scaling',
    given: 'Icu',
    birthDate: '1950-01-01',
    severity: 2.2,
  }
  await sendJson('/fhir', icuStayBundle({ ...stay, endMs: Date.now() - 60_000 }), fhirType)
  const rows = []
  for (const operation of operations(patients)) rows.push(await measure(operation))
  const answer = {
    bench: 'scaling',
    about:
      'CPU milliseconds a request: server process, PostgreSQL, and processes for models and codecs; all through the gateway, 4 clients',
    bytesPerResource: Math.round((filled - empty) / resources),
    operations: rows,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    ...measuredOn(),
  }
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
} finally {
  await target.close()
}
