// What telemetry adds to one read, part by part: CPU of loops without a network, the least of several rounds, so that the figures hold on
// a busy machine too. Four spans and three durations a request, as the read path has them.
// Usage: node bench/telemetry-parts.ts
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { telemetry as room } from '../packages/platform/src/edge/telemetry/index.ts'
import type { KeptSpan } from '../packages/platform/src/edge/telemetry/store/kept-span.ts'
import { keepParts } from '../packages/platform/src/edge/telemetry/store/ring.ts'
import { partsOf } from '../packages/platform/src/edge/telemetry/store/trace-part.ts'
import type { Telemetry } from '../packages/platform/src/kernel/ports.ts'
import {
  createMetrics,
  createTelemetry,
  noTelemetry,
  readSampler,
} from '../packages/platform/src/kernel/telemetry/index.ts'
import { databaseOnOwnServer } from '../packages/platform/src/testing/database.ts'
import { measuredOn } from './target.ts'

const rounds = 9
const metrics = createMetrics({ resource: {} })
const durations = metrics.histogram({
  ...{ name: 'http.server.request.duration', help: 'bench', unit: 's' },
  labels: ['xinglin.service', 'http.request.method', 'http.route', 'http.response.status_code'],
})
const telemetryWith = (sampler: string) => {
  const telemetry = createTelemetry({
    ...{ metrics, queueSize: 100_000, batchSize: 1000, delayMs: 60_000 },
    sampler: readSampler(sampler, undefined),
  })
  telemetry.sendTo(async () => undefined)
  return telemetry
}

function cpuMicros(count: number, work: () => void): number {
  const each = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage()
    for (let done = 0; done < count; done++) work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / count
  })
  return Math.min(...each)
}

function oneRequest(telemetry: Telemetry): void {
  const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true }
  const span = telemetry.startEntry('GET /fhir/Patient', { service: 'gateway', parent })
  telemetry.within(span, () => {
    for (const name of ['GET /fhir/:type/:id', 'SELECT records.resource', 'audit record']) {
      const step = telemetry.startSpan(name, { kind: 'client' })
      step.set('http.response.status_code', 200)
      step.set('http.route', '/fhir/:type/:id')
      step.end()
    }
  })
  span.end()
}

const spansOf = (traceId: string): readonly KeptSpan[] =>
  ['gateway', 'patient', 'patient', 'patient'].map((service, at) => ({
    ...{ traceId, service, spanId: randomBytes(8).toString('hex'), parentId: at === 0 ? '' : 'b'.repeat(16) },
    ...{
      name: 'GET /fhir/:type/:id',
      kind: 'server',
      startMs: Date.now() + at,
      endMs: Date.now() + 9,
      failure: undefined,
    },
    attributes: ['http.request.method', 'GET', 'http.route', '/fhir/:type/:id', 'http.response.status_code', 200],
  }))

function cpuOfTree(pid: number): number {
  const pids = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
  const ticksOf = (one: string): number => {
    try {
      const text = readFileSync(`/proc/${one}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return Number(fields[11]) + Number(fields[12])
    } catch {
      return 0 // it has ended
    }
  }
  return [String(pid), ...pids].reduce((sum, one) => sum + ticksOf(one), 0) * 10_000
}

const database = await databaseOnOwnServer([room.sql], 2)
try {
  const [recorded, unsampled] = [telemetryWith('always_on'), telemetryWith('always_off')]
  const off = cpuMicros(20_000, () => oneRequest(noTelemetry))
  const labels = {
    xinglin_service: 'patient',
    http_request_method: 'GET',
    http_route: '/fhir/:type/:id',
    http_response_status_code: 200,
  }
  const batch = 2000
  const kept: { readonly server: number; readonly postgres: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const spans = Array.from({ length: batch }, () => spansOf(randomBytes(16).toString('hex'))).flat()
    const before = { own: process.cpuUsage(), postgres: cpuOfTree(database.server.pid) }
    await keepParts(database.sql, partsOf(spans), { maxSpans: 1_000_000, keepHours: 48 })
    const { user, system } = process.cpuUsage(before.own)
    kept.push({ server: (user + system) / batch, postgres: (cpuOfTree(database.server.pid) - before.postgres) / batch })
  }
  const least = (numbers: readonly number[]): number => Math.min(...numbers)
  const parts = {
    spansRecorded: cpuMicros(20_000, () => oneRequest(recorded)) - off,
    spansNotSampled: cpuMicros(20_000, () => oneRequest(unsampled)) - off,
    durations: cpuMicros(20_000, () => durations(0.01, labels)) * 3,
    keptInProcess: least(kept.map(({ server }) => server)),
    // Its clock ticks in 10 ms, so the mean of all rounds.
    keptInPostgres: kept.reduce((total, { postgres }) => total + postgres, 0) / kept.length,
  }
  const round2 = (value: number): number => Math.round(value * 100) / 100
  const sum = parts.spansRecorded + parts.durations + parts.keptInProcess + parts.keptInPostgres
  const microsPerRequest = Object.fromEntries(
    Object.entries({ ...parts, allRecorded: sum, notSampled: parts.spansNotSampled + parts.durations }).map(
      ([name, value]) => [name, round2(value)],
    ),
  )
  console.log(JSON.stringify({ bench: 'telemetry-parts', rounds, microsPerRequest, ...measuredOn() }, undefined, 2))
} finally {
  await database.close()
}
