// A patient withholds records from a role, and an emergency opens them again for a while, from your own program.
// Usage: node examples/consent/withhold.ts <patient id>   (a system must run; see README.md)
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [patient] = process.argv.slice(2)
if (patient === undefined) throw new Error('Name a patient: node examples/consent/withhold.ts <patient id>')

const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const tokenOf = (role: string): string =>
  execFileSync(process.execPath, [program, 'token', '--role', role], { encoding: 'utf8' }).trim()

interface Ask {
  readonly method?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(token: string, path: string, { method = 'GET', body, headers = {} }: Ask = {}) {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json().catch(() => ({}))) as { readonly total?: number; readonly ends?: string }
}

const coding = (system: string, code: string) => ({ coding: [{ system, code }] })
const consent = (status: 'active' | 'inactive') => ({
  resourceType: 'Consent',
  id: `example-${patient}`.slice(0, 64),
  status,
  scope: coding('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
  category: [coding('http://loinc.org', '59284-0')],
  patient: { reference: `Patient/${patient}` },
  policyRule: coding('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'OPTIN'),
  provision: {
    type: 'deny',
    class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }],
    actor: [
      {
        role: coding('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP'),
        reference: { identifier: { system: 'urn:xinglin:role', value: 'pharmacist' } },
      },
    ],
  },
})

const desk = tokenOf('frontend')
const pharmacist = tokenOf('pharmacist')
const conditions = `/fhir/Condition?patient=${patient}&_summary=count`
const save = (status: 'active' | 'inactive') => {
  const body = consent(status)
  return ask(desk, `/fhir/Consent/${body.id}`, { method: 'PUT', body })
}

console.log('before:', (await ask(pharmacist, conditions)).total, 'conditions')
await save('active')
console.log('withheld:', (await ask(pharmacist, conditions)).total, 'conditions')
const reason = '昏迷，病史不明 / unconscious, history unknown'
const glass = await ask(pharmacist, `/api/v1/patients/${patient}/break-glass`, { method: 'POST', body: { reason } })
const headers = { 'x-break-glass-reason': encodeURIComponent(reason) }
console.log('in an emergency:', (await ask(pharmacist, conditions, { headers })).total, 'conditions, until', glass.ends)
await save('inactive')
console.log('taken back:', (await ask(pharmacist, conditions)).total, 'conditions')
