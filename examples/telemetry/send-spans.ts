// Traces from your own program: a call to Xinglin under a trace of yours, and your own step beside ours, sent as OTLP in JSON.
// Usage: node examples/telemetry/send-spans.ts [--patient id]   (a system must run; see README.md)
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { patient: { type: 'string' } } })
const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const receiver = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? 'http://127.0.0.1:4318'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const tokenFor = (role: string): string =>
  execFileSync(process.execPath, [program, 'token', '--role', role], { encoding: 'utf8' }).trim()

const traceId = randomBytes(16).toString('hex')
const spanId = randomBytes(8).toString('hex')
const nanos = (ms: number): string => `${BigInt(Math.round(ms * 1000)) * 1000n}`

const [clinician, operator] = [tokenFor('clinician'), tokenFor('operator')]

// The header makes our request a step below yours.
const startMs = Date.now()
const path =
  values.patient === undefined ? '/fhir/Patient?_count=1' : `/fhir/Patient/${encodeURIComponent(values.patient)}`
const answer = await fetch(`${url}${path}`, {
  headers: { authorization: `Bearer ${clinician}`, traceparent: `00-${traceId}-${spanId}-01` },
})
await answer.arrayBuffer()

const span = {
  ...{ traceId, spanId, name: 'ask for a patient', kind: 3 },
  ...{ startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(Date.now()) },
  attributes: [{ key: 'http.response.status_code', value: { intValue: String(answer.status) } }],
  status: { code: answer.ok ? 0 : 2 },
}
const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'my-ward-app' } }] }
const sent = await fetch(`${receiver}/v1/traces`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'example' }, spans: [span] }] }] }),
})
if (!sent.ok) throw new Error(`The receiver answered ${sent.status}: ${await sent.text()}`)

const shown = await fetch(`${url}/telemetry/traces/${traceId}`, {
  headers: { authorization: `Bearer ${operator}` },
})
const { spans } = (await shown.json()) as {
  readonly spans: readonly { readonly service: string; readonly name: string; readonly durationMs: number }[]
}
for (const { service, name, durationMs } of spans)
  console.log(`${service.padEnd(12)} ${durationMs.toFixed(2).padStart(9)} ms  ${name}`)
console.log(`\n${url}/app/traces/${traceId}`)
