// A request is followed: its trace through the rooms, what it cost where, the audit event that names it, and nothing about the person.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'A request is followed'
const patienceMs = 15_000
const lookEveryMs = 200

interface Step {
  readonly spanId: string
  readonly service: string
  readonly name: string
  readonly durationMs: number
}

interface Trace {
  readonly durationMs: number
  readonly spans: readonly Step[]
}

// Another process sends its steps within seconds; until then the trace is not whole.
async function wholeTrace(stage: Stage, traceId: string): Promise<Trace> {
  const token = await stage.token('operator')
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const { status, body } = await stage.ask(`/telemetry/traces/${traceId}`, { token })
    const trace = body as unknown as Trace
    const services = status === 200 ? trace.spans.map(({ service }) => service) : []
    if (services.includes('gateway') && services.includes('patient')) return trace
    await delay(lookEveryMs)
  }
  throw new Error('the trace did not become whole in time')
}

function wordsOf({ spans, durationMs }: Trace): string {
  const rooms = [...new Set(spans.map(({ service }) => service))].join(' → ')
  const [slowest] = spans
    .filter(({ name }) => /^(SELECT|INSERT|UPDATE|audit)/.test(name))
    .toSorted((one, other) => other.durationMs - one.durationMs)
  const most = slowest === undefined ? '' : `; the longest: ${slowest.name} with ${slowest.durationMs.toFixed(1)} ms`
  return `${spans.length} steps in ${durationMs.toFixed(1)} ms, ${rooms}${most}`
}

/** Plays the chapter; Zhang San's record must be there. */
export async function playFollowedRequest(stage: Stage, patientId: string): Promise<void> {
  const traceId = randomBytes(16).toString('hex')
  await stage.scene(chapter, 'a chart is read under a trace id of our own', async () => {
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` }
    const token = await stage.token('clinician')
    expectStatus(await stage.ask(`/fhir/Patient/${patientId}`, { token, headers }), 200)
    return traceId
  })
  await stage.scene(chapter, 'an operator sees its way through the rooms', async () => {
    const trace = await wholeTrace(stage, traceId)
    const told = JSON.stringify(trace)
    const word = [patientId, '张', 'Zhang'].find((one) => told.includes(one))
    if (word !== undefined) throw new Error('the trace tells of the person')
    return `${wordsOf(trace)}; no word about the person`
  })
  await stage.scene(chapter, 'the audit event of the reading names the same trace', async () => {
    const token = await stage.token('compliance')
    const answer = await stage.ask(`/audit/events?patient=${patientId}&_count=20`, { token })
    expectStatus(answer, 200)
    const entries = (answer.body['entry'] ?? []) as readonly { readonly resource: { readonly id: string } }[]
    const event = entries.find((entry) => JSON.stringify(entry).includes(traceId))
    if (event === undefined) throw new Error('no event names the trace')
    return `event ${event.resource.id}: who it was stands there, and only there`
  })
  await stage.scene(chapter, 'a clinician may not look at traces', async () => {
    expectStatus(await stage.ask(`/telemetry/traces/${traceId}`, { token: await stage.token('clinician') }), 403)
    return '403'
  })
}
