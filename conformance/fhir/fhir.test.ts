// Our own whole system keeps every rule of the suite, and the suite itself can fail.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { chapters } from './chapters/index.ts'
import type { OwnServer } from './own-server.ts'
import { startOwnSystem } from './own-system.ts'
import { type Client, createClient } from './suite/client.ts'
import { runCheck, runSuite, tally } from './suite/run-suite.ts'

const shared: { server?: OwnServer; client?: Client } = {}
before(async () => {
  shared.server = await startOwnSystem()
  shared.client = createClient(shared.server.target)
})
after(() => shared.server?.close())

for (const chapter of chapters) {
  describe(`FHIR: ${chapter.title}`, () => {
    for (const check of chapter.checks) {
      test(check.name, async () => {
        assert.ok(shared.client)
        const { outcome, reason } = await runCheck(chapter, check, shared.client)
        assert.equal(outcome, 'passed', reason)
      })
    }
  })
}

test('a server that says yes to everything fails in every chapter', async () => {
  const yes = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/fhir+json' }).end('{}')
  })
  await new Promise<void>((resolve) => {
    yes.listen(0, '127.0.0.1', resolve)
  })
  try {
    const base = `http://127.0.0.1:${(yes.address() as AddressInfo).port}/fhir`
    const target = { base, token: 'x', patientToken: 'y', patient: 'z' }
    const results = await runSuite(createClient(target), chapters)
    const passed = results.filter(({ outcome }) => outcome === 'passed')
    assert.ok(
      passed.length < 0.02 * results.length,
      passed.map(({ chapter, name }) => `${chapter}: ${name}`).join('\n'),
    )
    for (const { chapter, failed } of tally(results)) assert.ok(failed > 0 || chapter === 'xinglin', chapter)
  } finally {
    yes.closeAllConnections()
    yes.close()
  }
})
