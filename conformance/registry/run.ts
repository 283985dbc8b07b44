// Checks any registry in Consul's shape: node conformance/registry/run.ts --base http://127.0.0.1:8500 [--token …]
// Without --base it checks our own. What it registers has names of its own and is taken away again.
import { parseArgs } from 'node:util'
import { registryChapters } from './chapters/index.ts'
import { startOwnRegistry } from './own-registry.ts'
import { createRegistryClient, type RegistryClient } from './registry-client.ts'

interface Result {
  readonly chapter: string
  readonly title: string
  readonly fault: string | undefined
}

async function runAll(client: RegistryClient): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const { title: chapter, checks } of registryChapters) {
    for (const { title, run } of checks) {
      const fault = await run(client).then(
        () => undefined,
        (error: unknown) => String(error instanceof Error ? error.message : error),
      )
      results.push({ chapter, title, fault })
    }
  }
  return results
}

const { values } = parseArgs({ options: { base: { type: 'string' }, token: { type: 'string' } } })
const own = values.base === undefined ? await startOwnRegistry() : undefined
const headers: Readonly<Record<string, string>> = values.token === undefined ? {} : { 'x-consul-token': values.token }
const results = await runAll(createRegistryClient(own?.url ?? values.base ?? '', headers))
for (const { chapter, title, fault } of results) {
  console.log(
    `${fault === undefined ? 'ok  ' : 'FAIL'} ${chapter}: ${title}${fault === undefined ? '' : `\n     ${fault}`}`,
  )
}
const failed = results.filter(({ fault }) => fault !== undefined).length
console.log(`${results.length - failed} of ${results.length} checks passed`)
await own?.close()
process.exitCode = failed === 0 ? 0 : 1
