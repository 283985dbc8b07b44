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
import { type ImportProgress, importRecords } from './index.ts'
import { inWords, leftMs } from './progress.ts'

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
  assert.deepEqual([...new Set(replies.seen.map(({ type }) => type))], ['transaction'])
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
  assert.deepEqual([replies.seen.length, result.skipped, result.refused], [2, 1, 0])
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

const idsSeen = () => replies.seen.flatMap(({ entry = [] }) => entry.map(({ request }) => request?.url ?? ''))

// Refuses every entry whose resource says so, as a batch does.
function refuseMarked(bundle: Bundle): Reply {
  const issue = [{ severity: 'error', code: 'value', diagnostics: 'no such gender' }]
  const entry = (bundle.entry ?? []).map(({ resource }) =>
    (resource as { gender?: string } | undefined)?.gender === 'x'
      ? { response: { status: '422 Unprocessable Content', outcome: { resourceType: 'OperationOutcome', issue } } }
      : { response: { status: '200 OK' } },
  )
  return { status: 200, body: { resourceType: 'Bundle', type: 'batch-response', entry } }
}

test('a file whose refused lines were mended sends these alone, though lines moved; then it is forgotten', async () => {
  const path = join(folder, 'mended.ndjson')
  const line = (name: string, more: object = {}) =>
    JSON.stringify({ resourceType: 'Patient', name: [{ family: name }], ...more })
  const lines = Array.from({ length: 1000 }, (_one, at) => line(`n${at}`))
  const twin = line('n1') // an equal resource is a record of its own
  const faulty = ['', ...lines.slice(0, 500), line('faulty', { gender: 'x' }), ...lines.slice(500), twin, '{"no json']
  await writeFile(path, faulty.join('\n'))
  replies.next = refuseMarked
  replies.seen = []
  const first = await run({ path })
  assert.deepEqual([first.resources, first.refused], [1001, 2])
  const places = first.refusals.toSorted().map((words) => words.split(' ').slice(0, 2).join(' '))
  assert.deepEqual(places, ['mended.ndjson:1004: not', 'mended.ndjson:502: 422'])
  const known = idsSeen()
  assert.equal(new Set(known).size, 1002)

  await writeFile(
    path,
    [...lines.slice(0, 500), line('mended', { gender: 'other' }), ...lines.slice(500), twin].join('\n'),
  )
  replies.seen = []
  const second = await run({ path })
  assert.deepEqual([second.resources, second.skipped, second.refused], [1, 1001, 0])
  const [mended, ...others] = idsSeen()
  assert.deepEqual([others, known.includes(mended ?? '')], [[], false])

  replies.seen = []
  assert.equal((await run({ path })).resources, 1002)
  assert.deepEqual(
    idsSeen().filter((url) => !known.includes(url)),
    [mended],
  )
  replies.next = accept
})

test('what came back to an earlier content is sent again', async () => {
  const path = join(folder, 'back.ndjson')
  const line = (family: string, id = 'p') => JSON.stringify({ resourceType: 'Patient', id, name: [{ family }] })
  const faulty = JSON.stringify({ resourceType: 'Patient', id: 'f', gender: 'x' })
  replies.next = refuseMarked
  for (const family of ['a', 'b', 'a']) {
    await writeFile(path, [line(family), faulty].join('\n'))
    replies.seen = []
    const result = await run({ path })
    assert.deepEqual([result.resources, result.refused], [1, 1], family)
  }
  replies.next = accept
})

test('a small file is not said to be done before it is, and no end is estimated from nothing', async () => {
  const seen: ImportProgress[] = []
  await writeFile(join(folder, 'small.json'), bundleOf('small'))
  await run({ path: join(folder, 'small.json'), onProgress: (progress) => void seen.push(progress) })
  assert.deepEqual([seen[0]?.bytesDone, seen.at(-1)?.bytesDone], [0, seen.at(-1)?.bytes])
  assert.equal(seen.filter(({ bytes, bytesDone, resources }) => bytesDone === bytes && resources === 0).length, 0)
  const common = { files: 1, filesDone: 0, bytes: 1000, resources: 9, skipped: 0, refused: 0 }
  assert.equal(leftMs({ ...common, bytesDone: 0, bytesSkipped: 0, elapsedMs: 9000 }), undefined)
  assert.equal(leftMs({ ...common, bytesDone: 900, bytesSkipped: 900, elapsedMs: 9000 }), undefined)
  assert.equal(leftMs({ ...common, bytesDone: 999, bytesSkipped: 0, elapsedMs: 3 }), undefined)
  assert.equal(leftMs({ ...common, bytesDone: 600, bytesSkipped: 500, elapsedMs: 5000 }), 20_000)
  assert.deepEqual([undefined, 1, 99_000, 200_000, 7_500_000].map(inWords), ['…', '1 s', '99 s', '3 min', '2 h 5 min'])
})
