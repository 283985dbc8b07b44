// A patient's risk from your own program: two synthetic days of intensive care into the record, then the explained estimate.
// Usage: node examples/explain/risk.ts (a system must run; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { icuStayBundle } from '@xinglin/core/explain/icu'

const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'clinician'], { encoding: 'utf8' }).trim()

async function post<T>(path: string, type: string, body: unknown): Promise<T> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

interface Risk {
  readonly sentence: { readonly en: string; readonly zh: string }
  readonly limits: readonly { readonly en: string }[]
  readonly risk_assessment: string
}

for (const [patientId, severity] of [
  ['example-icu-mild', -1.2],
  ['example-icu-grave', 2.2],
] as const) {
  const person = { seed: 21, patientId, family: 'Example', given: patientId, birthDate: '1950-01-01' }
  await post('/fhir', 'application/fhir+json', icuStayBundle({ ...person, severity, endMs: Date.now() - 60_000 }))
  const {
    sentence,
    limits,
    risk_assessment: stored,
  } = await post<Risk>('/api/v1/explain/risk', 'application/json', {
    patient: patientId,
  })
  console.log(`${patientId}\n  ${sentence.en}\n  ${sentence.zh}\n  ${limits[0]?.en}\n  ${url}/fhir/${stored}`)
}
