// Checks any DICOMweb server: node conformance/dicomweb/run.ts --base http://127.0.0.1:8080/dicom-web --token …
import { parseArgs } from 'node:util'
import { checks } from './checks.ts'
import { createClient } from './client.ts'

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080/dicom-web' },
    token: { type: 'string' },
    /** Leaves out what the standard leaves open. */
    'without-xinglin': { type: 'boolean', default: false },
  },
})
const client = createClient({ base: values.base.replace(/\/+$/, ''), token: values.token })
let failed = 0
for (const { name, source, run, isOurs = false } of checks) {
  if (isOurs && values['without-xinglin']) continue
  try {
    await run(client)
    console.log(`✔ ${name} (${source})`)
  } catch (error) {
    failed += 1
    console.log(`✘ ${name} (${source}): ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
}
console.log(failed === 0 ? 'All checks passed.' : `${failed} checks failed.`)
process.exitCode = failed === 0 ? 0 : 1
