// Triage from your own program: an interview on the command line, ended by a booked visit where a patient is named.
// Usage: node examples/triage/ask.ts [symptom …] [--patient id] [--yes finding,finding]   (a system must run; see README.md)
import { execFileSync } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

interface View {
  readonly id: string
  readonly question: { readonly finding: string; readonly text: { readonly en: string; readonly zh: string } } | null
  readonly conclusion: {
    readonly advice: { readonly title: { readonly en: string; readonly zh: string } }
    readonly department: { readonly en: string; readonly zh: string } | null
    readonly candidates: readonly { readonly disease: string; readonly confidence: number }[]
    readonly records: Readonly<Record<string, string>> | null
  } | null
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    patient: { type: 'string' },
    age: { type: 'string', default: '40' },
    sex: { type: 'string', default: 'female' },
    yes: { type: 'string' },
  },
})
const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'clinician'], { encoding: 'utf8' }).trim()

async function post(path: string, body: unknown): Promise<View> {
  const answer = await fetch(`${url}/api/v1/triage/interviews${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as View
}

const keyboard = createInterface({ input: process.stdin, output: process.stdout })
const words: Readonly<Record<string, string>> = { y: 'yes', n: 'no' }
const known = values.yes?.split(',')

async function replyTo(question: NonNullable<View['question']>): Promise<string> {
  const text = `${question.text.en}\n${question.text.zh}`
  if (known === undefined) return words[(await keyboard.question(`${text} [y/n/?] `)).trim().toLowerCase()] ?? 'unknown'
  const reply = known.includes(question.finding) ? 'yes' : 'no'
  console.log(`${text} → ${reply}`)
  return reply
}

const symptoms = positionals.length > 0 ? positionals : ['Headache']
const { age, sex, patient } = values
let now = await post('', { symptoms, age: Number(age), sex, ...(patient === undefined ? {} : { patient }) })
while (now.question !== null) {
  const answer = await replyTo(now.question)
  now = await post(`/${now.id}/answers`, { finding: now.question.finding, answer })
}
const { conclusion } = await post(`/${now.id}/finish`, {})
keyboard.close()
console.log(`\n${conclusion?.advice.title.en} ${conclusion?.advice.title.zh}`)
console.log(`Department: ${conclusion?.department?.en} ${conclusion?.department?.zh}`)
for (const { disease, confidence } of conclusion?.candidates ?? [])
  console.log(`  ${(100 * confidence).toFixed(1)} % ${disease}`)
if (conclusion?.records) console.log(conclusion.records)
