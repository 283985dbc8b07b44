// The model registry, through its routes: register, look up, change stages, serve what is in production, and refuse the rest.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Caller } from '../../../kernel/caller.ts'
import { convolutionGraph, scaleGraph, sumGraph } from '../../../testing/onnx-samples.ts'
import { type Question, type Reply, type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'
import { checkUse } from './access.ts'

const facts = JSON.stringify({
  description: 'scales',
  metrics: [{ name: 'error', value: 0.1, low: 0.05, high: 0.2, confidence: 0.95 }],
})

let server: ServerUnderTest
before(async () => {
  server = await serverUnderTest({
    shipped: {
      'shipped/config.pbtxt': 'max_batch_size: 2',
      'shipped/1/model.onnx': scaleGraph(2),
      'shipped/CARD.md': '# Shipped\n',
      'shipped/metrics.json': facts,
    },
  })
})
after(() => server.close())

const card = '# Scale\n\nNot for clinical use.\n'
const metrics = [{ name: 'auc', value: 0.81, low: 0.78, high: 0.84, confidence: 0.95, cases: 400 }]

async function upload(
  name: string,
  graph: Uint8Array | string,
  about: unknown = {},
  role?: Question['role'],
): Promise<Reply> {
  const form = new FormData()
  form.set('version', typeof about === 'string' ? about : JSON.stringify(about))
  form.set('model', new Blob([graph as Uint8Array<ArrayBuffer>]), 'model.onnx')
  return send(`/api/v1/models/${name}/versions`, form, role)
}

async function send(url: string, form: FormData, role: Question['role'] = 'data-scientist'): Promise<Reply> {
  const request = new Request('http://any', { method: 'POST', body: form })
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  return server.ask(url, { method: 'POST', role, headers, payload: Buffer.from(await request.arrayBuffer()) })
}

const stage = (
  name: string,
  version: number,
  to: string,
  etag: string | undefined,
  role?: Question['role'],
): Promise<Reply> =>
  server.ask(`/api/v1/models/${name}/versions/${version}/stage`, {
    method: 'PUT',
    payload: { stage: to, reason: 'a test' },
    ...(role === undefined ? {} : { role }),
    ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
  })

async function infer(name: string, values: readonly number[]): Promise<unknown> {
  const input = { name: 'input__0', datatype: 'FP32', shape: [1, 2], data: values }
  const reply = await server.ask(`/v2/models/${name}/infer`, { method: 'POST', payload: { inputs: [input] } })
  const { outputs, model_version: version } = reply.json as unknown as {
    outputs?: { data: number[] }[]
    model_version: string
  }
  return outputs === undefined ? reply.status : [version, outputs[0]?.data]
}

test('registers a version with its hash, figures and lineage; the same bytes once', async () => {
  const lineage = { dataset: 'synthetic', trainingRun: 'run-1' }
  const made = await upload('risk', scaleGraph(5), { description: 'risk', card, metrics, lineage })
  assert.deepEqual(
    [made.status, made.headers['location'], made.headers['etag']],
    [201, '/api/v1/models/risk/versions/1', 'W/"1"'],
  )
  const { sha256, stage: first, registeredBy, hasCard } = made.json as Record<string, unknown>
  assert.match(String(sha256), /^[0-9a-f]{64}$/)
  assert.deepEqual([first, registeredBy, hasCard], ['none', 'a-data-scientist', true])
  const again = await upload('risk', scaleGraph(5), { card: 'another' })
  assert.deepEqual([again.status, again.json['version']], [200, 1])
  const next = await upload('risk', scaleGraph(6), { card, metrics, lineage: { parentVersion: 1 } })
  assert.deepEqual([next.status, next.json['version'], next.json['lineage']], [201, 2, { parentVersion: 1 }])
  const shown = (await server.ask('/api/v1/models/risk')).json as unknown as { versions: { version: number }[] }
  assert.deepEqual(
    shown.versions.map(({ version }) => version),
    [2, 1],
  )
  assert.equal((await server.ask('/api/v1/models/risk/versions/1/card')).bytes.toString(), card)
  const artefact = await server.ask('/api/v1/models/risk/versions/1/artefact')
  assert.deepEqual(artefact.bytes, Buffer.from(scaleGraph(5)))
})

test('what is in production is served, what follows it takes its place, what is archived is gone', async () => {
  assert.equal(await infer('risk', [1, 2]), 404)
  assert.equal((await stage('risk', 1, 'production', 'W/"1"', 'operator')).status, 200)
  assert.deepEqual(await infer('risk', [1, 2]), ['1', [5, 10]])
  assert.equal((await stage('risk', 2, 'production', '*')).status, 200)
  assert.deepEqual(await infer('risk', [1, 2]), ['2', [6, 12]])
  const { versions, stageChanges, serving } = (await server.ask('/api/v1/models/risk')).json as unknown as {
    versions: { version: number; stage: string }[]
    stageChanges: { version: number; to: string; by: string }[]
    serving: { version: string; inference_count: number; origin: string }[]
  }
  assert.deepEqual(
    versions.map((one) => [one.version, one.stage]),
    [
      [2, 'production'],
      [1, 'archived'],
    ],
  )
  assert.deepEqual(
    stageChanges.map((one) => [one.version, one.to]),
    [
      [2, 'production'],
      [1, 'archived'],
      [1, 'production'],
    ],
  )
  assert.deepEqual(
    serving.map((one) => [one.version, one.inference_count, one.origin]),
    [['2', 1, 'registry']],
  )
  assert.equal((await stage('risk', 2, 'archived', 'W/"2"')).status, 200)
  assert.equal(await infer('risk', [1, 2]), 503)
  const trail = await server.ports.sql.query<{ count: number }>({
    text: `SELECT count(*)::int AS count FROM audit.event WHERE payload::text LIKE '%model-stage%'`,
  })
  assert.equal(trail[0]?.count, 3)
})

test('shipped models are in the list, with card and figures, and obey their stage', async () => {
  const reply = await server.ask('/api/v1/models/shipped/versions/1')
  const { stage: now, isShipped, metrics: figures } = reply.json as Record<string, unknown>
  assert.deepEqual([now, isShipped, figures], ['production', true, JSON.parse(facts).metrics])
  assert.deepEqual(await infer('shipped', [1, 2]), ['1', [2, 4]])
  assert.deepEqual((await server.ask('/api/v1/models/shipped/versions/1/artefact')).bytes, Buffer.from(scaleGraph(2)))
  assert.equal((await stage('shipped', 1, 'archived', '*')).status, 200)
  assert.equal(await infer('shipped', [1, 2]), 503)
  assert.equal((await stage('shipped', 1, 'staging', '*')).status, 200)
  assert.equal((await stage('shipped', 1, 'production', '*')).status, 200)
  assert.deepEqual(await infer('shipped', [1, 2]), ['1', [2, 4]])
})

test('changes of stage are conditional and have rules', async () => {
  await upload('bare', scaleGraph(9))
  const cases: readonly [string, string | undefined, number, string][] = [
    ['production', undefined, 400, 'invalid-request'],
    ['production', 'W/"7"', 412, 'precondition-failed'],
    ['production', 'W/"1"', 422, 'business-rule'],
    ['none', '*', 422, 'business-rule'],
    ['anywhere', '*', 400, 'invalid-request'],
  ]
  for (const [to, etag, status, code] of cases) {
    const reply = await stage('bare', 1, to, etag)
    assert.deepEqual([reply.status, reply.json['code']], [status, code], to)
  }
  assert.equal((await stage('bare', 4, 'staging', '*')).status, 404)
  const results = await Promise.all([stage('bare', 1, 'staging', 'W/"1"'), stage('bare', 1, 'archived', 'W/"1"')])
  assert.deepEqual(results.map(({ status }) => status).sort(), [200, 412])
})

test('refuses uploads that cannot be used, and stores nothing of them', async () => {
  const bad: readonly [Uint8Array | string, unknown, number][] = [
    ['no graph', {}, 422],
    [scaleGraph(3), '{', 400],
    [scaleGraph(3), { colour: 'red' }, 400],
    [scaleGraph(3), { metrics: [{ name: 'auc', value: 0.5, low: 0.6 }] }, 422],
    [scaleGraph(3), { metrics: [{ name: 'auc', value: 'good' }] }, 400],
    [scaleGraph(3), { lineage: { parentVersion: 4 } }, 422],
    [scaleGraph(3), { config: 'max_batch_size: 2 platform: "pytorch_lib"' }, 422],
    [scaleGraph(3), { config: 'max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: 2 }' }, 422],
    // A graph whose signature is well, and which ONNX Runtime refuses: its convolution lacks weights.
    [withoutWeights(), {}, 422],
  ]
  for (const [graph, about, status] of bad) {
    const reply = await upload('bad', graph, about)
    assert.equal(reply.status, status, JSON.stringify(about))
    assert.match(String(reply.headers['content-type']), /problem\+json/)
  }
  const form = new FormData()
  form.set('version', '{}')
  assert.equal((await send('/api/v1/models/bad/versions', form)).status, 400)
  form.set('model', new Blob(['x']), 'm')
  form.append('model', new Blob(['y']), 'm')
  assert.equal((await send('/api/v1/models/bad/versions', form)).status, 400)
  const json = await server.ask('/api/v1/models/bad/versions', { method: 'POST', payload: { a: 1 } })
  assert.equal(json.status, 415)
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=b']) {
    const ask = { method: 'POST', payload: '--b\r\nbreaks off', headers: { 'content-type': type } } as const
    assert.equal((await server.ask('/api/v1/models/bad/versions', ask)).status, 400, type)
  }
  assert.equal((await upload('..%2fbad', scaleGraph(3))).status, 400)
  assert.equal((await server.ask('/api/v1/models/bad')).status, 404)
})

function withoutWeights(): Uint8Array {
  const graph = Buffer.from(convolutionGraph({ side: 4, channels: 1, layers: 1 }))
  const at = graph.lastIndexOf(Buffer.from('w0'))
  graph.write('zz', at)
  return graph
}

test('asks for a role, through the registry and through the protocol', async () => {
  assert.equal((await upload('mine', sumGraph(), {}, 'clinician')).status, 403)
  assert.equal((await stage('bare', 1, 'archived', '*', 'radiologist')).status, 403)
  for (const url of ['/api/v1/models', '/v2/models/shipped']) {
    assert.equal((await server.ask(url, { role: 'patient' })).status, 403, url)
    assert.equal((await server.ask(url, { role: 'clinician' })).status, 200, url)
  }
  const refused = await server.ask('/v2/repository/models/shipped/unload', { method: 'POST', role: 'clinician' })
  assert.deepEqual([refused.status, Object.keys(refused.json)], [403, ['error']])
})

test('a token that is narrowed to records reads and infers, and changes nothing', () => {
  const caller: Caller = { subject: 'a', name: 'a', roles: ['admin'], scopes: ['user/*.cruds'], purpose: 'TREAT' }
  for (const use of ['read', 'infer'] as const) checkUse(caller, use)
  for (const use of ['control', 'register', 'change-stage'] as const) {
    checkUse({ ...caller, scopes: [] }, use)
    assert.throws(() => checkUse(caller, use), { code: 'forbidden' }, use)
  }
})

test('pages through models', async () => {
  const seen: string[] = []
  let url: string | undefined = '/api/v1/models?limit=1'
  for (let turn = 0; turn < 20 && url !== undefined; turn++) {
    const page = (await server.ask(url)).json as unknown as { models: { name: string }[]; next?: string }
    seen.push(...page.models.map(({ name }) => name))
    url = page.next
  }
  assert.deepEqual(seen, ['bare', 'risk', 'shipped'])
  assert.equal((await server.ask('/api/v1/models?limit=0')).status, 400)
})
