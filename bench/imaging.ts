// What DICOMweb costs: storing, searching and retrieving CT slices of half a megabyte, here or at a peer.
// Usage: node bench/imaging.ts [--slices 200] [--reads 1] [--url http://127.0.0.1:8080/fhir --token …] [--peer http://127.0.0.1:8042/dicom-web --peer-pid 123] [--out bench/results/imaging.json]
// With --peer every measurement is taken at the peer (an Orthanc, say) as well, in the same run, on the same machine.
// Times depend on what else the machine does; the server's CPU (with its PostgreSQL and codecs) hardly does.
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createChestPhantom, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import { measuredOn, openTarget } from './target.ts'

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '200' },
    /** A system that runs already: its FHIR base, a token, and the processes whose time counts. */
    url: { type: 'string' },
    token: { type: 'string' },
    pid: { type: 'string', multiple: true, default: [] },
    peer: { type: 'string' },
    'peer-pid': { type: 'string' },
    out: { type: 'string' },
    passes: { type: 'string', default: '1' },
    /** Share of the usual number of reads, for a machine with little time. */
    reads: { type: 'string', default: '1' },
  },
})
const slices = Number(values.slices)
const boundary = 'bench-boundary'

/** A server under measurement. */
interface Server {
  readonly name: string
  /** Base of DICOMweb. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** CPU seconds that it has used so far. */
  readonly cpuSeconds: () => Promise<number>
}

const phantom = createChestPhantom({ seed: 11, size: 512, slices })

// The pixels are drawn once; each pass gives them other identifiers, so that all of it is new to the server.
function* filesOf(occasion: number): Generator<Uint8Array> {
  for (const { bytes } of phantomFiles(phantom, { patientId: `BENCH-${occasion}`, occasion })) yield bytes
}

const uidsOf = (occasion: number) => phantomUids(phantom, { patientId: `BENCH-${occasion}`, occasion })

function bodyOf(files: readonly Uint8Array[]): Buffer {
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
  const end = Buffer.from(`--${boundary}--\r\n`)
  return Buffer.concat([...files.flatMap((file) => [head, file, Buffer.from('\r\n')]), end])
}

async function ask({ url, headers }: Server, path: string, init: RequestInit = {}): Promise<number> {
  const answer = await fetch(`${url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
  const bytes = (await answer.arrayBuffer()).byteLength
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return bytes
}

const store = (server: Server, files: readonly Uint8Array[]): Promise<number> =>
  ask(server, '/studies', {
    method: 'POST',
    headers: {
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
      accept: 'application/dicom+json',
    },
    body: bodyOf(files) as Uint8Array<ArrayBuffer>,
  })

/** Figures of one kind of request. */
interface Figures {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly cpuMsPerRequest: number
}

async function measure(server: Server, clients: number, works: readonly (() => Promise<unknown>)[]): Promise<Figures> {
  const waiting = [...works]
  const took: number[] = []
  const cpuBefore = await server.cpuSeconds()
  const startedAt = performance.now()
  const client = async (): Promise<void> => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
      const from = performance.now()
      await work()
      took.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - startedAt) / 1000
  const cpuMs = ((await server.cpuSeconds()) - cpuBefore) * 1000
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10
  const tenth = (value: number): number => Math.round(value * 10) / 10
  return {
    requests: took.length,
    perSecond: tenth(took.length / seconds),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    cpuMsPerRequest: tenth(cpuMs / took.length),
  }
}

const repeat = (count: number, work: (index: number) => Promise<unknown>) =>
  Array.from({ length: Math.max(3, Math.round(count * Number(values.reads))) }, (_none, index) => () => work(index))

async function measureStore(server: Server, pass: number) {
  const single = [...filesOf(pass)]
  const several = [...filesOf(pass + 1)]
  const many = [...filesOf(pass + 2)]
  const batches = Array.from({ length: Math.ceil(many.length / 20) }, (_none, at) => many.slice(at * 20, at * 20 + 20))
  const inTwenties = await measure(
    server,
    1,
    batches.map((batch) => () => store(server, batch)),
  )
  return {
    'STOW, 1 instance a request, 1 client': await measure(
      server,
      1,
      single.map((file) => () => store(server, [file])),
    ),
    'STOW, 1 instance a request, 4 clients': await measure(
      server,
      4,
      several.map((file) => () => store(server, [file])),
    ),
    'STOW, 20 instances a request, instances': {
      ...inTwenties,
      perSecond: Math.round((many.length / inTwenties.requests) * inTwenties.perSecond * 10) / 10,
    },
  }
}

interface Listed {
  readonly '00080018': { readonly Value: readonly [string] }
}

async function measureReads(server: Server, pass: number) {
  const { study, series } = uidsOf(pass + 2)
  const base = `/studies/${study}/series/${series}`
  const listed = await fetch(`${server.url}${base}/instances`, {
    headers: { ...server.headers, accept: 'application/dicom+json' },
  })
  const uids = ((await listed.json()) as readonly Listed[]).map((one) => one['00080018'].Value[0])
  const json = { headers: { accept: 'application/dicom+json' } }
  const each = (count: number, path: string, accept: string) =>
    repeat(count, (index) =>
      ask(server, `${base}/instances/${uids[index % uids.length]}${path}`, { headers: { accept } }),
    )
  const patient = `/studies?PatientID=BENCH-${pass + 2}`
  const dicom = 'multipart/related; type="application/dicom"; transfer-syntax=*'
  return {
    'QIDO study by PatientID, 1 client': await measure(
      server,
      1,
      repeat(200, () => ask(server, patient, json)),
    ),
    [`QIDO ${uids.length} instances, 1 client`]: await measure(
      server,
      1,
      repeat(20, () => ask(server, `${base}/instances`, json)),
    ),
    [`metadata of ${uids.length} instances, 1 client`]: await measure(
      server,
      1,
      repeat(20, () => ask(server, `${base}/metadata`, json)),
    ),
    'WADO instance, 4 clients': await measure(server, 4, each(400, '', dicom)),
    'frames, 4 clients': await measure(
      server,
      4,
      each(400, '/frames/1', 'multipart/related; type="application/octet-stream"'),
    ),
    'rendered JPEG, 4 clients': await measure(server, 4, each(100, '/rendered', 'image/jpeg')),
  }
}

async function measureServer(server: Server) {
  const passes = []
  for (let pass = 1; pass <= Number(values.passes); pass++) {
    const first = (process.pid % 1000) * 10 + pass * 3
    passes.push({ ...(await measureStore(server, first)), ...(await measureReads(server, first)) })
  }
  return passes
}

// User and system time of a process in seconds (proc(5): fields 14 and 15 of stat, in hundredths).
async function cpuOf(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / 100
}

const target = await openTarget({ url: values.url, token: values.token })
const own: Server = {
  name: 'xinglin',
  url: target.fhirUrl.replace(/\/fhir$/, '/dicom-web'),
  headers: target.token === undefined ? {} : { authorization: `Bearer ${target.token}` },
  async cpuSeconds() {
    if (values.url !== undefined) return (await Promise.all(values.pid.map(cpuOf))).reduce((sum, one) => sum + one, 0)
    const { server, postgres } = await target.cpuSeconds()
    return server + postgres
  },
}
const loadBefore = loadavg()
const results: Record<string, unknown> = { [own.name]: await measureServer(own) }
if (values.peer !== undefined) {
  results['peer'] = await measureServer({
    name: 'peer',
    url: values.peer.replace(/\/$/, ''),
    headers: {},
    cpuSeconds: () => cpuOf(values['peer-pid'] ?? 'self'),
  })
}
await target.close()
const round = (loads: readonly number[]) => loads.map((load) => Math.round(load * 10) / 10)
const text = JSON.stringify(
  { bench: 'imaging', slices, ...measuredOn(), load: { before: round(loadBefore), after: round(loadavg()) }, results },
  undefined,
  2,
)
console.log(text)
if (values.out !== undefined) await writeFile(values.out, `${text}\n`)
