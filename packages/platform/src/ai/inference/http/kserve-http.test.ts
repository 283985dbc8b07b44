// KServe v2 over HTTP, against a real server: metadata, inference in every form of body, errors, load and unload, statistics.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import { servedModels } from '../../../composition/served-models.ts'
import { createKserveModels } from '../../../engines/kserve/index.ts'
import { freePort } from '../../../kernel/free-port.ts'
import { integerGraph, scaleGraph, sumGraph } from '../../../testing/onnx-samples.ts'
import type { ModelStatistics } from '../serving/statistics.ts'
import { type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'

let server: ServerUnderTest
before(async () => {
  server = await serverUnderTest({
    repository: {
      'simple/config.pbtxt': `
        name: "simple" platform: "onnxruntime_onnx" max_batch_size: 8
        input [ { name: "a" data_type: TYPE_FP32 dims: [ 3 ] }, { name: "b" data_type: TYPE_FP32 dims: [ 3 ] } ]
        output [ { name: "sum" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" },
                 { name: "difference" data_type: TYPE_FP32 dims: [ 3 ] } ]
        dynamic_batching { }`,
      'simple/1/model.onnx': sumGraph(),
      'simple/labels.txt': 'left\nmiddle\nright\n',
      'scale/config.pbtxt': 'max_batch_size: 2 version_policy { all { } }',
      'scale/1/model.onnx': scaleGraph(10),
      'scale/3/model.onnx': scaleGraph(30),
      'integers/1/model.onnx': integerGraph(),
      'broken/1/model.onnx': 'no graph at all',
      'other/config.pbtxt': 'platform: "pytorch_lib"',
      'other/1/model.pt': 'x',
    },
    environment: { INFERENCE_MAX_BODY_MB: '4' },
  })
})
after(() => server.close())

const inputs = [
  { name: 'a', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
  {
    name: 'b',
    datatype: 'FP32',
    shape: [2, 3],
    data: [
      [10, 20, 30],
      [40, 50, 60],
    ],
  },
]

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const content = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body)
  return server.fetch(path, { method: 'POST', body: content, headers: { 'accept-encoding': 'identity', ...headers } })
}

async function refusalOf(answer: Response): Promise<[number, string]> {
  const { error, ...rest } = (await answer.json()) as { error: string }
  assert.deepEqual(rest, {})
  return [answer.status, error]
}

test('tells about itself and its models', async () => {
  const metadata = (await (await server.fetch('/v2')).json()) as { name: string; extensions: string[] }
  assert.equal(metadata.name, 'xinglin')
  assert.ok(metadata.extensions.includes('binary_tensor_data'))
  assert.deepEqual(
    await Promise.all(
      ['/v2/health/live', '/v2/health/ready', '/v2/models/simple/ready', '/v2/models/scale/versions/3/ready'].map(
        async (path) => (await server.fetch(path)).status,
      ),
    ),
    [200, 200, 200, 200],
  )
  assert.equal((await server.fetch('/v2/models/broken/ready')).status, 400)
  assert.deepEqual(await (await server.fetch('/v2/models/simple')).json(), {
    name: 'simple',
    versions: ['1'],
    platform: 'onnxruntime_onnx',
    inputs: ['a', 'b'].map((name) => ({ name, datatype: 'FP32', shape: [-1, 3] })),
    outputs: ['sum', 'difference'].map((name) => ({ name, datatype: 'FP32', shape: [-1, 3] })),
  })
  const completed = (await (await server.fetch('/v2/models/integers/config')).json()) as Record<string, unknown>
  assert.deepEqual([completed['max_batch_size'], completed['backend']], [4, 'onnxruntime'])
  assert.deepEqual(((await (await server.fetch('/v2/models/scale')).json()) as { versions: string[] }).versions, [
    '1',
    '3',
  ])
})

test('infers from JSON, and gives the outputs that are asked for', async () => {
  const answer = await post('/v2/models/simple/infer', { id: 'q1', inputs, outputs: [{ name: 'sum' }] })
  assert.deepEqual(await answer.json(), {
    id: 'q1',
    model_name: 'simple',
    model_version: '1',
    outputs: [{ name: 'sum', datatype: 'FP32', shape: [2, 3], data: [11, 22, 33, 44, 55, 66] }],
  })
  const whole = { name: 'x', datatype: 'INT64', shape: [1, 2], data: [-4, 2 ** 40] }
  const { outputs } = (await (await post('/v2/models/integers/infer', { inputs: [whole] })).json()) as {
    outputs: { data: unknown }[]
  }
  assert.deepEqual(
    outputs.map(({ data }) => data),
    [
      [-8, 2 ** 41],
      [false, true],
    ],
  )
})

test('infers from binary tensors, and the port Models speaks it', async () => {
  const models = createKserveModels({ send: (path, init) => server.fetch(path, init) })
  const tensor = (values: number[]) => ({ datatype: 'FP32', shape: [1, 3], data: Float32Array.from(values) }) as const
  const results = await models.infer(
    'simple',
    { a: tensor([1, 2, 3]), b: tensor([1, 1, 1]) },
    { outputs: ['difference'] },
  )
  assert.deepEqual(results, { difference: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(0, 1, 2) } })
  assert.equal((await models.metadata('simple', '1')).inputs[0]?.datatype, 'FP32')
  await assert.rejects(models.infer('none', {}), (error: { code?: string }) => error.code === 'not-found')
  await assert.rejects(models.infer('simple', {}), (error: { code?: string }) => error.code === 'unprocessable')
  const raw = Buffer.from(Float32Array.of(1, 2).buffer)
  const answer = await post('/v2/models/scale/versions/1/infer', raw, { 'inference-header-content-length': '0' })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const head = Number(answer.headers.get('inference-header-content-length'))
  assert.deepEqual(JSON.parse(bytes.subarray(0, head).toString()).outputs[0].parameters, { binary_data_size: 8 })
  assert.deepEqual([bytes.readFloatLE(head), bytes.readFloatLE(head + 4)], [10, 20])
})

test('takes the place of the own server where TRITON_URL names it', async () => {
  const nobody = () => {
    throw new Error('with TRITON_URL no service is called')
  }
  const models = servedModels(`${server.addresses.http}/`, nobody)
  const x = { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(3n, -4n) } as const
  const { double, isPositive } = await models.infer('integers', { x })
  assert.deepEqual([double?.data, isPositive?.data], [BigInt64Array.of(6n, -8n), Uint8Array.of(1, 0)])
  const stopped = models.infer('integers', { x }, { signal: AbortSignal.abort() })
  await assert.rejects(stopped, (error) => error instanceof AppError && error.code === 'timeout')
  const nowhere = servedModels(`http://127.0.0.1:${await freePort()}`, nobody)
  await assert.rejects(nowhere.metadata('any'), (error) => error instanceof AppError && error.code === 'unavailable')
})

test('takes and gives gzip', async () => {
  const plain = JSON.stringify({ inputs, parameters: { binary_data_output: false } })
  const answer = await post('/v2/models/simple/infer', gzipSync(plain), { 'content-encoding': 'gzip' })
  assert.equal(answer.status, 200)
  const stats = await fetch(`${server.addresses.http}/v2/models/stats`, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(stats.headers.get('content-encoding'), 'gzip')
  assert.ok(((await stats.json()) as { model_stats: unknown[] }).model_stats.length >= 3)
  const bomb = gzipSync(Buffer.alloc(5_000_000))
  assert.equal((await post('/v2/models/simple/infer', bomb, { 'content-encoding': 'gzip' })).status, 413)
  const nonsense = await post('/v2/models/simple/infer', Buffer.from('zip'), { 'content-encoding': 'gzip' })
  assert.deepEqual(await refusalOf(nonsense), [400, 'the body is not gzip'])
  assert.ok(gunzipSync(gzipSync('x')).length === 1)
})

test('classifies: the best classes with their labels', async () => {
  const outputs = [{ name: 'sum', parameters: { classification: 2 } }]
  const { outputs: given } = (await (await post('/v2/models/simple/infer', { inputs, outputs })).json()) as {
    outputs: unknown[]
  }
  assert.deepEqual(given, [
    {
      name: 'sum',
      datatype: 'BYTES',
      shape: [2, 2],
      data: ['33.000000:2:right', '22.000000:1:middle', '66.000000:2:right', '55.000000:1:middle'],
    },
  ])
})

test('refuses what it cannot use, in the protocol’s own shape, and stays up', async () => {
  const [a, b] = inputs
  const path = '/v2/models/simple/infer'
  const cases: readonly [unknown, RegExp][] = [
    [Buffer.from('{"inputs":'), /failed to parse/],
    [Buffer.from([0xff, 0xfe, 0x00]), /failed to parse/],
    [[], /JSON object/],
    [{ inputs: 'x' }, /list of objects/],
    [{ inputs: [a] }, /missing 'b'/],
    [{ inputs: [a, b, { ...a, name: 'c' }] }, /unexpected inference input 'c'/],
    [{ inputs: [a, a] }, /same name/],
    [{ inputs: [a, { ...b, datatype: 'FP64' }] }, /data-type is 'FP64'/],
    [{ inputs: [a, { ...b, datatype: 'BYTES' }] }, /"BYTES" is not supported/],
    [{ inputs: [a, { ...b, shape: [2, 4] }] }, /takes 8 elements, not 6/],
    [{ inputs: [a, { ...b, shape: [3, 2] }] }, /Expected \[-1,3\], got \[3,2\]/],
    [{ inputs: [a, { ...b, shape: [-2, -3] }] }, /not negative/],
    [{ inputs: [a, { ...b, shape: [1e15, 1e15] }] }, /shape of input/],
    [{ inputs: [a, { ...b, data: [1, 2, 3, 4, 5, 'x'] }] }, /is no FP32/],
    [{ inputs: [a, { ...b, shape: [1, 3], data: [1, 2, 3] }] }, /differ in their batch/],
    [{ inputs: inputs.map((one) => ({ ...one, shape: [9, 3], data: Array(27).fill(0) })) }, /batch-size must be <= 8/],
    [{ inputs, outputs: [{ name: 'x' }] }, /unexpected inference output 'x'/],
    [{ inputs, outputs: [{ name: 'sum', parameters: { classification: -1 } }] }, /classification/],
    [{ inputs, parameters: { priority: 'high' } }, /priority/],
    [{ inputs, parameters: { sequence_id: 7 } }, /sequences/],
    [{ inputs: [a, { ...b, data: undefined, parameters: { binary_data_size: 24 } }] }, /ends before its binary data/],
    [{ inputs: [a, { ...b, parameters: { shared_memory_region: 'r' } }] }, /shared memory/],
  ]
  for (const [body, words] of cases) {
    const [status, error] = await refusalOf(await post(path, body))
    assert.equal(status, 400, error)
    assert.match(error, words)
  }
  assert.deepEqual((await refusalOf(await post('/v2/models/none/infer', { inputs })))[0], 404)
  assert.deepEqual((await refusalOf(await post('/v2/models/simple/versions/2/infer', { inputs })))[0], 404)
  assert.deepEqual((await refusalOf(await post('/v2/models/broken/infer', { inputs })))[0], 503)
  assert.deepEqual((await refusalOf(await server.fetch('/v2/nothing')))[0], 404)
  assert.deepEqual((await refusalOf(await server.fetch(path)))[0], 400)
  assert.deepEqual((await refusalOf(await server.fetch('/v2/models/%zz')))[0], 400)
  const header = { 'inference-header-content-length': '99999' }
  assert.match((await refusalOf(await post(path, { inputs }, header)))[1], /Content-Length/)
  assert.equal((await post(path, { inputs })).status, 200)
})

test('keeps web pages of other sites and foreign host names out', async () => {
  const cross = await server.fetch('/v2', { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal((await refusalOf(cross))[0], 403)
  const origin = await server.fetch('/v2', { headers: { origin: 'https://evil.example' } })
  assert.equal((await refusalOf(origin))[0], 403)
})

test('lists the repository, loads and unloads, with configurations and files of the request', async () => {
  const index = async () => (await (await post('/v2/repository/index', {})).json()) as Record<string, string>[]
  const states = Object.fromEntries((await index()).map(({ name, state, reason }) => [name, [state, reason]]))
  assert.equal(states['simple']?.[0], 'READY')
  assert.match(states['broken']?.[1] ?? '', /not an ONNX model/)
  assert.match(states['other']?.[1] ?? '', /pytorch_lib.*ONNX/)

  assert.equal((await post('/v2/repository/models/scale/unload', {})).status, 200)
  assert.equal((await server.fetch('/v2/models/scale/ready')).status, 400)
  assert.match((await refusalOf(await post('/v2/models/scale/infer', {})))[1], /unloaded/)
  assert.equal((await post('/v2/repository/models/scale/load', {})).status, 200)

  const graph = Buffer.from(scaleGraph(7)).toString('base64')
  const config = JSON.stringify({ max_batch_size: 4, parameters: { note: { string_value: 'made for a test' } } })
  const load = { parameters: { config, 'file:5/model.onnx': graph } }
  assert.equal((await post('/v2/repository/models/fresh/load', load)).status, 200)
  const input = { name: 'input__0', datatype: 'FP32', shape: [1, 2], data: [1, 2] }
  const answer = (await (await post('/v2/models/fresh/infer', { inputs: [input] })).json()) as {
    model_version: string
    outputs: { data: number[] }[]
  }
  assert.deepEqual([answer.model_version, answer.outputs[0]?.data], ['5', [7, 14]])

  const bad: readonly [string, unknown, RegExp][] = [
    ['none', {}, /not in the repository/],
    ['broken', {}, /not an ONNX model/],
    ['../simple', {}, /no name of a model/],
    ['fresh', { parameters: { 'file:1/model.onnx': graph } }, /need the parameter config/],
    ['fresh', { parameters: { config: '{', 'file:1/model.onnx': graph } }, /not valid JSON/],
    ['fresh', { parameters: { config, 'file:../x': graph } }, /<version>\/<file>/],
    ['fresh', { parameters: { config, 'file:1/model.onnx': '%' } }, /base64/],
    ['scale', { parameters: { config: '{"max_batch_size":"many"}' } }, /whole number/],
    ['fresh', { parameters: { color: 'red' } }, /color/],
  ]
  for (const [name, body, words] of bad) {
    const [, error] = await refusalOf(await post(`/v2/repository/models/${encodeURIComponent(name)}/load`, body))
    assert.match(error, words)
  }
  assert.equal((await post('/v2/models/fresh/infer', { inputs: [input] })).status, 200, 'a failed load keeps what was')
})

test('counts what it does, for statistics and metrics', async () => {
  const stats = async (): Promise<ModelStatistics> => {
    const answer = await server.fetch('/v2/models/simple/stats')
    const [entry] = ((await answer.json()) as { model_stats: ModelStatistics[] }).model_stats
    assert.ok(entry)
    return entry
  }
  const before = await stats()
  await post('/v2/models/simple/infer', { inputs })
  const now = await stats()
  assert.equal(now.inference_count - before.inference_count, 2)
  assert.equal(now.execution_count - before.execution_count, 1)
  const { compute_infer: infer, success } = now.inference_stats
  assert.ok(infer.ns > 0 && success.ns >= infer.ns)
  const text = await (await fetch(server.addresses.metrics)).text()
  assert.match(text, /^nv_inference_request_success\{model="simple",version="1"\} [1-9]/m)
  assert.match(text, /^nv_cpu_memory_used_bytes \d+/m)
  const other = await fetch(server.addresses.metrics.replace('/metrics', '/'))
  assert.equal(other.status, 404)
})

test('changes its logging over the protocol, but writes to no file', async () => {
  const settings = (await (await post('/v2/logging', { log_verbose_level: 1 })).json()) as Record<string, unknown>
  assert.equal(settings['log_verbose_level'], 1)
  assert.equal(((await (await server.fetch('/v2/logging')).json()) as Record<string, unknown>)['log_verbose_level'], 1)
  assert.match((await refusalOf(await post('/v2/logging', { log_file: '/etc/passwd' })))[1], /can not be updated/)
})
