// Imports against a server that comes and goes: nothing twice, nothing left out, refusals told with their place.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Bundle } from '@xinglin/core/fhir'
import { importRecords } from './index.ts'

type Reply = { readonly status: number; readonly body: unknown }

const replies: { next: (bundle: Bundle) => Reply; seen: Bundle[] } = { next: accept, seen: [] }
let server: Server
let folder: string

function accept(bundle: Bundle): Reply {
  const entry = (bundle.entry ?? []).map(() => ({ response: { status: '201 Created' } }))
  return { status: 200, body: { resourceType: 'Bundle', type: `${bundle.type}-response`, entry } }
}

const run = (more: Partial<Parameters<typeof importRecords>[0]> = {}) =>
  importRecords({
    path: join(folder, 'files'),
    journalFolder: join(folder, 'journals'),
    concurrency: 1,
    target: {
      fhirUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: async () => 'a token',
      patienceMs: 5000,
    },
    ...more,
  })

const bundleOf = (id: string) =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ resource: { resourceType: 'Patient' }, request: { method: 'POST', url: `Patient?${id}` } }],
  })

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-import-'))
  await mkdir(join(folder, 'files'))
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, 'files', `${name}.json`), bundleOf(name))
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bundle = JSON.parse(Buffer.concat(chunks).toString()) as Bundle
      replies.seen.push(bundle)
      const { status, body } = replies.next(bundle)
      response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

after(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

test('a plain POST becomes a PUT of a stable id, so that a repeated unit doubles nothing', async () => {
  replies.seen = []
  await run()
  const first = replies.seen.flatMap((bundle) => bundle.entry ?? []).map((entry) => entry.request?.url)
  replies.seen = []
  await run()
  const second = replies.seen.flatMap((bundle) => bundle.entry ?? []).map((entry) => entry.request?.url)
  assert.deepEqual(second, first)
  assert.equal(new Set(first).size, 3)
})

test('an interrupted import goes on where it was, also past files that were done', async () => {
  replies.seen = []
  const stop = new AbortController()
  const target = {
    fhirUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: async () => 'a token',
    patienceMs: 5000,
    signal: stop.signal,
  }
  await assert.rejects(run({ target, onAcknowledged: () => stop.abort() }))
  assert.equal(replies.seen.length, 1)
  replies.seen = []
  const result = await run()
  assert.deepEqual([replies.seen.length, result.skippedUnits, result.refused], [2, 1, 0])
})

test('a busy server is waited for', async () => {
  replies.seen = []
  replies.next = (bundle) => {
    if (replies.seen.length > 2) return accept(bundle)
    return { status: 503, body: { resourceType: 'OperationOutcome', issue: [] } }
  }
  const result = await run()
  replies.next = accept
  assert.deepEqual([result.resources, result.refused], [3, 0])
})

test('a refusal is told with its file and the server’s words, and does not stop the rest', async () => {
  replies.next = (bundle) => {
    if (replies.seen.length % 3 !== 0) return accept(bundle)
    const issue = [{ severity: 'error', code: 'value', diagnostics: 'no such gender', expression: ['Patient.gender'] }]
    return { status: 400, body: { resourceType: 'OperationOutcome', issue } }
  }
  replies.seen = []
  const result = await run()
  replies.next = accept
  assert.deepEqual([result.resources, result.refused], [2, 1])
  assert.match(result.refusals[0] ?? '', /^c\.json: .*no such gender/)
})

test('progress through one large file is told, compressed or not', async () => {
  const line = (number: number): string => JSON.stringify({ resourceType: 'Patient', id: `p${number}`, active: true })
  const lines = Array.from({ length: 6000 }, (_, number) => `${line(number)}\n`).join('')
  const whole = JSON.stringify(Array.from({ length: 1000 }, (_, number) => JSON.parse(line(number))))
  await mkdir(join(folder, 'large'))
  await writeFile(join(folder, 'large', 'lines.ndjson'), lines)
  await writeFile(join(folder, 'large', 'lines.ndjson.gz'), gzipSync(lines, { level: 0 }))
  await writeFile(join(folder, 'large', 'whole.json'), whole)
  for (const name of ['lines.ndjson', 'lines.ndjson.gz', 'whole.json']) {
    const seen: number[] = []
    const onProgress = ({ bytes, bytesDone }: { bytes: number; bytesDone: number }): void => {
      seen.push(bytesDone / bytes)
    }
    await run({ path: join(folder, 'large', name), onProgress })
    assert.ok(seen.filter((share) => share > 0.05 && share < 0.95).length >= 3, `${name}: ${seen.join(' ')}`)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.equal(seen.at(-1), 1)
  }
})
