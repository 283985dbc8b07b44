// Proof: mutated requests give no 500, no hang, no crash, and memory stays flat.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cohortBundle, type Random, seededRandom } from '@xinglin/core/cohort'
import type { Bundle } from '@xinglin/core/fhir'
import { Agent, request } from 'undici'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import { freePorts, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import { mutateHeaders, mutateJson, mutateQuery, mutateText, type RawRequest } from './mutate.ts'
import type { Proof } from './proof.ts'

/** How much to send. */
export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
  readonly concurrency?: number
  readonly onProgress?: (line: string) => void
}

/** What was seen. */
export interface FuzzReport {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
  /** Requests answered by 500 or not at all; the first ten, to be sent again by hand. */
  readonly failures: readonly { readonly request: RawRequest; readonly seen: string }[]
  readonly failed: number
  readonly slowestMs: number
  /** Resident memory of the server, 18 times on the way, MB. */
  readonly memoryMb: readonly number[]
}

const types = [
  'Patient',
  'Observation',
  'Encounter',
  'MedicationRequest',
  'MedicationDispense',
  'Bundle',
  'Basic',
  'Nothing',
  '',
  '%00',
  '..',
  '$everything',
]

const people = 50

/** Valid Bundles that the requests are drafted from, made once. */
function validBundles(): readonly Bundle[] {
  const options = { seed: 5, patients: people, untilMs: Date.UTC(2026, 0, 1), visits: 1 }
  return Array.from({ length: people }, (_, number) => cohortBundle(options, number))
}

function draft(bundles: readonly Bundle[], random: Random): RawRequest {
  const bundle = random.pick(bundles)
  const resource = random.pick(bundle.entry ?? []).resource ?? { resourceType: 'Patient', id: 'x' }
  const headers = { 'content-type': 'application/fhir+json' }
  const type = resource.resourceType
  const id = String(resource.id)
  const body = JSON.stringify(resource)
  const make = (method: string, path: string, text?: string, more = {}): RawRequest => ({
    method,
    path,
    headers: { ...headers, ...more },
    ...(text === undefined ? {} : { body: text }),
  })
  const patch = JSON.stringify(
    mutateJson(
      [
        { op: 'replace', path: '/status', value: 'x' },
        { op: 'add', path: '/note/0', value: {} },
      ],
      random,
    ),
  )
  return random.pick([
    () => make('POST', `/fhir/${type}`, body),
    () => make('PUT', `/fhir/${type}/${id}`, body),
    () => make('POST', '/fhir', JSON.stringify(bundle)),
    () => make('GET', `/fhir/${type}/${id}`),
    () => make('GET', `/fhir/${type}?${mutateQuery(random)}`),
    () => make('GET', `/fhir/${random.pick(types)}?${mutateQuery(random)}`),
    () =>
      make(
        'GET',
        `/fhir/Patient/${id}/${random.pick(['Observation', '*', '$everything', '_history', '_history/1', '_history/x'])}?${mutateQuery(random)}`,
      ),
    () =>
      make('POST', `/fhir/${type}/_search`, mutateQuery(random), {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    () => make('PATCH', `/fhir/${type}/${id}`, patch, { 'content-type': 'application/json-patch+json' }),
    () => make('DELETE', `/fhir/${type}?${mutateQuery(random)}`),
    () => make('POST', `/fhir/${type}/$validate`, body),
    () => make('GET', `/fhir/${type}/_history?${mutateQuery(random)}`),
    () =>
      make(
        'POST',
        '/api/v1/patients',
        JSON.stringify(
          mutateJson(
            {
              resource_type: 'Patient',
              name: [{ use: 'official', family: 'Z', given: ['S'] }],
              gender: 'male',
              birth_date: '1990-01-01',
              email: 'a@b.cn',
            },
            random,
          ),
        ),
        { 'content-type': 'application/json' },
      ),
    () =>
      make(
        random.pick(['GET', 'POST']),
        `/audit/${random.pick(['events', 'state', 'proof/inclusion', 'proof/consistency'])}?${mutateQuery(random)}&seq=${random.pick(['1', '-1', 'x', '1e9'])}&size=${random.pick(['1', '0', 'x'])}&from=9&to=1`,
      ),
    () =>
      make(
        random.pick(['OPTIONS', 'HEAD', 'TRACE', 'PUT', 'DELETE']),
        `/${random.pick(['fhir', 'app', 'auth/session', 'health/live', 'api/v1/patients', 'fhir/metadata'])}`,
      ),
  ])()
}

function mutate(plain: RawRequest, random: Random): RawRequest {
  const headers = random.chance(0.4) ? mutateHeaders(plain.headers, random) : plain.headers
  if (typeof plain.body !== 'string') return { ...plain, headers }
  const isJson = plain.headers['content-type']?.includes('json') === true
  const body =
    isJson && random.chance(0.75)
      ? JSON.stringify(mutateJson(JSON.parse(plain.body), random))
      : random.chance(0.5)
        ? mutateText(plain.body, random)
        : plain.body
  return { ...plain, headers, body: random.chance(0.02) ? new Uint8Array(64).map(() => random.integer(0, 255)) : body }
}

function residentMb(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0
  const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(match?.[1] ?? 0) / 1024)
}

interface Tally {
  readonly byStatus: Record<string, number>
  readonly failures: { request: RawRequest; seen: string }[]
  failed: number
  slowestMs: number
}

async function sendOne(url: string, raw: RawRequest, token: string, agent: Agent): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, ...raw.headers }
  const answer = await request(`${url}${raw.path}`, {
    method: raw.method as 'GET',
    headers,
    body: raw.body ?? null,
    dispatcher: agent,
    headersTimeout: 20_000,
    bodyTimeout: 20_000,
  })
  const text = await answer.body.text()
  return answer.statusCode === 500 ? `500 ${text.slice(0, 200)}` : String(answer.statusCode)
}

// What the HTTP client refuses to send is no finding about the server.
function isRefusedByClient(error: unknown): boolean {
  return (
    error instanceof Error &&
    /invalid|must be|path/i.test(error.message) &&
    !/socket|timeout|closed|reset/i.test(error.message)
  )
}

const samples = 18

/** Runs the proof on a system of its own, and removes it. */
export async function proveFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-fuzz-'))
  await prepareFolder(folder)
  const system = await startSystem(folder, await freePorts())
  const agent = new Agent({ connections: options.concurrency ?? 8 })
  const tally: Tally = { byStatus: {}, failures: [], failed: 0, slowestMs: 0 }
  const token = await issueLocalToken(system.state, { role: 'admin', lifetimeSeconds: 7200 })
  const random = seededRandom(options.seed)
  const bundles = validBundles()
  let sent = 0
  const memoryMb: number[] = []
  const sampleEvery = Math.max(1, Math.floor(options.requests / samples))
  const lane = async (): Promise<void> => {
    while (sent < options.requests) {
      sent += 1
      if (sent % sampleEvery === 0) memoryMb.push(residentMb(system.child.pid))
      if (sent % 5000 === 0)
        options.onProgress?.(
          `${sent}/${options.requests} requests, ${tally.failed} failures, ${residentMb(system.child.pid)} MB`,
        )
      const raw = mutate(draft(bundles, random), random)
      const startedAt = performance.now()
      const seen = await sendOne(system.state.gatewayUrl, raw, token, agent).catch((error: unknown) =>
        isRefusedByClient(error) ? 'not sendable' : `no answer: ${String(error)}`,
      )
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAt)
      const key = seen.split(' ')[0] ?? seen
      tally.byStatus[key] = (tally.byStatus[key] ?? 0) + 1
      if (!seen.startsWith('500') && !seen.startsWith('no ')) continue
      tally.failed += 1
      if (tally.failures.length < 10) tally.failures.push({ request: raw, seen })
    }
  }
  try {
    await Promise.all(Array.from({ length: options.concurrency ?? 8 }, lane))
    return { requests: sent, ...tally, memoryMb }
  } finally {
    await agent.close()
    await system.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

// Caches, plans and heaps of the workers have filled after about 40,000 requests; only what grows after that is a leak.
const requestsPerChunk = 90_000
const fuzzChunks = 2
/** What the last third may hold on top of the second, in medians (collections make single samples jump), MB. */
const flatWithinMb = 40

function medianMb(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function growthOf(memoryMb: readonly number[]): number {
  const third = Math.floor(memoryMb.length / 3)
  return medianMb(memoryMb.slice(2 * third)) - medianMb(memoryMb.slice(third, 2 * third))
}

/** At least 100,000 mutated requests: no 500, no hang, no crash, memory flat. */
export const fuzzProof: Proof<FuzzReport> = {
  name: 'fuzz',
  about: 'mutated requests (JSON, searches, headers, Bundles) give no 500, no hang and no crash, and memory stays flat',
  chunks: fuzzChunks,
  run: (chunk, onProgress) => proveFuzz({ requests: requestsPerChunk, seed: 500 + chunk, onProgress }),
  conclude(reports) {
    const requests = reports.reduce((all, one) => all + one.requests, 0)
    const failed = reports.reduce((all, one) => all + one.failed, 0)
    const byStatus: Record<string, number> = {}
    for (const [status, count] of reports.flatMap((one) => Object.entries(one.byStatus))) {
      byStatus[status] = (byStatus[status] ?? 0) + count
    }
    const growthMb = Math.max(...reports.map(({ memoryMb }) => growthOf(memoryMb)))
    const slowestMs = Math.round(Math.max(...reports.map((one) => one.slowestMs)))
    return {
      ok: failed === 0 && growthMb <= flatWithinMb,
      summary: `${requests} requests, ${failed} failures, slowest ${slowestMs} ms, median memory of the warm server grew by at most ${growthMb} MB`,
      figures: { requests, failed, byStatus, slowestMs, memoryMb: reports.map((one) => one.memoryMb) },
    }
  },
}
