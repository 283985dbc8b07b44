// Checks any FHIR R4 server: node conformance/fhir/run.ts --base http://127.0.0.1:8080/fhir --token …
// Without --base it starts our own system. `--help` tells the rest.
import { parseArgs } from 'node:util'
import { chapters } from './chapters/index.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'
import { startOwnSystem } from './own-system.ts'
import { createClient, type Target } from './suite/client.ts'
import { report } from './suite/report.ts'
import { runSuite } from './suite/run-suite.ts'

const help = `Checks a FHIR R4 server by its HTTP interface.
  --base URL            FHIR base, e.g. http://127.0.0.1:8080/fhir; without it our own system is started and checked
  --store               checks our record store alone instead, without gateway and audit trail
  --token T             bearer token of a caller who may do everything
  --token-patient T     bearer token of a caller who is bound to one patient, for the chapter on access
  --patient ID          id of that patient
  --chapter NAME        only chapters whose title has this word; may be given more than once
  --json                prints every result as JSON
  --without-xinglin     leaves out what is ours alone
The exit code is 0 when nothing failed, 1 when a check failed, 2 when the server could not be asked.`

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    store: { type: 'boolean', default: false },
    token: { type: 'string' },
    'token-patient': { type: 'string' },
    patient: { type: 'string' },
    chapter: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    'without-xinglin': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function givenTarget(base: string): Target {
  const { token, 'token-patient': patientToken, patient } = values
  return { base: base.replace(/\/+$/, ''), token, patientToken, patient }
}

async function startOwn(): Promise<OwnServer> {
  return values.store ? await startOwnServer() : await startOwnSystem()
}

async function canBeAsked({ base }: Target): Promise<boolean> {
  try {
    const answer = await fetch(`${base}/metadata`, { signal: AbortSignal.timeout(10_000) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(help)
    return 0
  }
  const own = values.base === undefined ? await startOwn() : undefined
  try {
    const target = own?.target ?? givenTarget(values.base ?? '')
    if (!(await canBeAsked(target))) {
      console.error(`${target.base}/metadata does not answer; is the server running, and is --base its FHIR base?`)
      return 2
    }
    const wanted = chapters
      .filter(({ title }) => values.chapter.length === 0 || values.chapter.some((word) => title.includes(word)))
      .filter(({ title }) => !(values['without-xinglin'] && title.startsWith('xinglin')))
    const results = await runSuite(createClient(target), wanted)
    console.log(values.json ? JSON.stringify(results, null, 2) : report(results))
    return results.some((result) => result.outcome === 'failed') ? 1 : 0
  } finally {
    await own?.close()
  }
}

process.exitCode = await main()
