// Proof: every group of services is restarted in turn under load through the gateways, and no request fails.
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@xinglin/core/cohort'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import type { Role } from '../packages/platform/src/kernel/caller.ts'
import { type BalancedRequest, type Balancer, createBalancer } from './balancer.ts'
import { type Fleet, type GroupName, groups, startFleet } from './fleet.ts'
import type { Proof } from './proof.ts'

/** How hard to try. */
export interface RollingOptions {
  readonly groups: readonly GroupName[]
  readonly clients: number
  readonly seed: number
  readonly onProgress?: (line: string) => void
}

/** What was seen. */
export interface RollingReport {
  /** Requests by kind. */
  readonly requests: Readonly<Record<string, number>>
  readonly failed: number
  /** The first failures, each once: kind, what was restarted then, status or error. */
  readonly failures: readonly string[]
  readonly restarts: readonly {
    readonly process: string
    readonly stopMs: number
    readonly startMs: number
    readonly code: number | null
  }[]
  readonly slowestMs: number
}

interface Kind {
  readonly name: string
  readonly role: Role
  readonly expected: number
  readonly ask: (patient: string, value: number) => Omit<BalancedRequest, 'headers'>
}

const json = 'application/json'
const keptFailures = 20
const settleMs = 1500
const pauseMs = 15

const observation = (patient: string, value: number): string =>
  JSON.stringify({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-01-02T03:04:05Z',
    valueQuantity: { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  })

const kinds: readonly Kind[] = [
  { name: 'read', role: 'clinician', expected: 200, ask: (id) => ({ method: 'GET', path: `/fhir/Patient/${id}` }) },
  {
    name: 'search',
    role: 'clinician',
    expected: 200,
    ask: (id) => ({ method: 'GET', path: `/fhir/Observation?patient=${id}&_count=5` }),
  },
  {
    name: 'write',
    role: 'clinician',
    expected: 201,
    ask: (id, value) => ({ method: 'POST', path: '/fhir/Observation', body: observation(id, value) }),
  },
  {
    name: 'triage',
    role: 'clinician',
    expected: 200,
    ask: () => ({ method: 'POST', path: '/triage', body: '["Cough","Fever"]' }),
  },
  {
    name: 'model',
    role: 'data-scientist',
    expected: 200,
    ask: () => ({ method: 'GET', path: '/v2/models/icu_mortality_lstm' }),
  },
  {
    name: 'images',
    role: 'radiologist',
    expected: 204, // the archive is empty
    ask: () => ({ method: 'GET', path: '/dicom-web/studies?limit=1' }),
  },
  { name: 'audit', role: 'compliance', expected: 200, ask: () => ({ method: 'GET', path: '/audit/events?_count=1' }) },
]

interface Tally {
  readonly requests: Record<string, number>
  readonly failures: string[]
  failed: number
  slowestMs: number
  /** What is being restarted now. */
  during: string
  isOver: boolean
}

interface Load {
  readonly balancer: Balancer
  readonly tokens: ReadonlyMap<Role, string>
  readonly patient: string
  readonly tally: Tally
}

async function sendOne({ balancer, tokens, patient, tally }: Load, kind: Kind, value: number): Promise<void> {
  const headers = {
    authorization: `Bearer ${tokens.get(kind.role)}`,
    'content-type': kind.name === 'write' ? 'application/fhir+json' : json,
    accept: kind.name === 'images' ? 'application/dicom+json' : '*/*',
  }
  const begunMs = performance.now()
  tally.requests[kind.name] = (tally.requests[kind.name] ?? 0) + 1
  const seen = await balancer.send({ ...kind.ask(patient, value), headers }).then(
    ({ status, text }) => (status === kind.expected ? undefined : `${status} ${text.slice(0, 200)}`),
    (error: unknown) => String(error),
  )
  tally.slowestMs = Math.max(tally.slowestMs, performance.now() - begunMs)
  if (seen === undefined) return
  tally.failed += 1
  const words = `${kind.name} during ${tally.during}: ${seen.replace(/"traceId":"\w+"/, '')}`
  if (tally.failures.length < keptFailures && !tally.failures.includes(words)) tally.failures.push(words)
}

async function client(load: Load, seed: number): Promise<void> {
  const random = seededRandom(seed)
  while (!load.tally.isOver) {
    const kind = kinds[random.integer(0, kinds.length - 1)]
    if (kind !== undefined) await sendOne(load, kind, random.integer(50, 150))
    await delay(pauseMs)
  }
}

async function tokensFor(fleet: Fleet): Promise<ReadonlyMap<Role, string>> {
  const roles = [...new Set(kinds.map(({ role }) => role))]
  const issued = roles.map(
    async (role) => [role, await issueLocalToken(fleet.place, { role, lifetimeSeconds: 7200 })] as const,
  )
  return new Map(await Promise.all(issued))
}

async function firstPatient(balancer: Balancer, token: string): Promise<string> {
  const body = JSON.stringify({ resourceType: 'Patient', name: [{ family: '王', given: ['五'] }] })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }
  await delay(settleMs) // the balancer must have looked once
  const { status, text } = await balancer.send({ method: 'POST', path: '/fhir/Patient', headers, body })
  if (status !== 201) throw new Error(`The first patient was refused: ${status} ${text.slice(0, 300)}`)
  return (JSON.parse(text) as { readonly id: string }).id
}

/** Runs the proof on a fleet of its own. */
export async function proveRolling(options: RollingOptions): Promise<RollingReport> {
  const { onProgress = () => undefined } = options
  const fleet = await startFleet()
  onProgress(`${fleet.replicas.length} processes are ready`)
  const balancer = createBalancer(fleet.gatewayUrls)
  const tally: Tally = { requests: {}, failures: [], failed: 0, slowestMs: 0, during: 'nothing', isOver: false }
  const restarts: RollingReport['restarts'][number][] = []
  try {
    const tokens = await tokensFor(fleet)
    const patient = await firstPatient(balancer, tokens.get('clinician') ?? '')
    const load: Load = { balancer, tokens, patient, tally }
    const clients = Array.from({ length: options.clients }, (_, n) => client(load, options.seed + n))
    for (const replica of fleet.replicas.filter(({ group }) => options.groups.includes(group))) {
      tally.during = `${replica.group} ${replica.number}`
      const { stopMs, startMs, code } = await replica.restart()
      restarts.push({ process: tally.during, stopMs: Math.round(stopMs), startMs: Math.round(startMs), code })
      await delay(settleMs)
      const asked = Object.values(tally.requests).reduce((sum, count) => sum + count, 0)
      onProgress(`${tally.during} restarted (exit ${code}): ${asked} requests, ${tally.failed} failed`)
    }
    tally.isOver = true
    await Promise.all(clients)
  } finally {
    tally.isOver = true
    await balancer.close()
    await fleet.stop()
  }
  const { requests, failed, failures, slowestMs } = tally
  return { requests, failed, failures, restarts, slowestMs: Math.round(slowestMs) }
}

/** Each group's two processes one after the other: no request of any kind fails, and every process ends cleanly. */
export const rollingProof: Proof<RollingReport> = {
  name: 'rolling',
  about: 'restarting every process in turn under load through two gateways fails no request',
  chunks: 1,
  run: (_chunk, onProgress) =>
    proveRolling({ groups: Object.keys(groups) as readonly GroupName[], clients: 6, seed: 42, onProgress }),
  conclude(reports) {
    const [report] = reports
    if (report === undefined) throw new Error('There is one part')
    const asked = Object.values(report.requests).reduce((sum, count) => sum + count, 0)
    const isClean = report.restarts.every(({ code }) => code === 0)
    return {
      ok: report.failed === 0 && isClean && asked > 0,
      summary: `${report.restarts.length} restarts under ${asked} requests: ${report.failed} failed${isClean ? '' : ', NOT every process ended cleanly'}`,
      figures: { ...report },
    }
  },
}
