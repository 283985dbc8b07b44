// KServe v2 over gRPC, against a real server: the same answers as over HTTP, streams in order, health, gRPC's own statuses.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { scaleGraph, sumGraph } from '../../../testing/onnx-samples.ts'
import { type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'

type Message = Record<string, unknown>
type Call = (message: Message, metadata: Metadata, done: (error: ServiceError | null, answer: Message) => void) => void

interface Stream {
  write(message: Message): void
  end(): void
  on(event: 'data', told: (message: Message) => void): void
  on(event: 'end', told: () => void): void
}

const token = 'a-token-of-some-length'
const metadata = new Metadata()
metadata.set('authorization', `Bearer ${token}`)

function clientOf(file: string, path: readonly string[], address: string): Client & Record<string, unknown> {
  const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }
  const loaded = loadPackageDefinition(loadSync(fileURLToPath(new URL(file, import.meta.url)), options))
  const found = path.reduce<unknown>((at, part) => (at as Message)[part], loaded)
  const Service = found as new (address: string, credential: unknown) => Client & Record<string, unknown>
  return new Service(address, credentials.createInsecure())
}

let server: ServerUnderTest
let client: Client & Record<string, unknown>
before(async () => {
  server = await serverUnderTest({
    repository: {
      'simple/config.pbtxt': 'max_batch_size: 4',
      'simple/1/model.onnx': sumGraph(),
      'scale/1/model.onnx': scaleGraph(3),
    },
    environment: { INFERENCE_TOKEN: token },
  })
  client = clientOf('./inference.proto', ['inference', 'GRPCInferenceService'], server.addresses.grpc)
})
after(async () => {
  client.close()
  await server.close()
})

function ask(name: string, message: Message = {}, sent = metadata): Promise<Message> {
  const call = (client[name] as Call).bind(client)
  return new Promise((resolve, reject) => {
    call(message, sent, (error, answer) => (error === null ? resolve(answer) : reject(error)))
  })
}

const input = (values: readonly number[], rows = 1) => ({
  name: 'input__0',
  datatype: 'FP32',
  shape: [rows, 2],
  contents: { fp32_contents: values },
})

const floats = (bytes: unknown) => {
  const buffer = Buffer.from(bytes as Uint8Array)
  return Array.from({ length: buffer.length / 4 }, (_, at) => buffer.readFloatLE(at * 4))
}

const outputsOf = (answer: Message): readonly number[][] => (answer['raw_output_contents'] as unknown[]).map(floats)

test('answers what HTTP answers: state, metadata, configuration, statistics', async () => {
  assert.deepEqual(await ask('ServerLive'), { live: true })
  assert.deepEqual(await ask('ServerReady'), { ready: true })
  assert.deepEqual(await ask('ModelReady', { name: 'simple' }), { ready: true })
  assert.equal((await ask('ServerMetadata'))['version'], '1.2.3')
  const { inputs, platform } = await ask('ModelMetadata', { name: 'simple' })
  assert.deepEqual(
    [platform, inputs],
    ['onnxruntime_onnx', ['a', 'b'].map((name) => ({ name, datatype: 'FP32', shape: [-1, 3] }))],
  )
  const { config } = (await ask('ModelConfig', { name: 'simple' })) as { config: Message }
  assert.deepEqual(
    [config['max_batch_size'], (config['input'] as Message[])[0]?.['data_type'], config['backend']],
    [4, 'TYPE_FP32', 'onnxruntime'],
  )
  await ask('ModelInfer', { model_name: 'scale', inputs: [input([1, 2])] })
  const { model_stats: stats } = (await ask('ModelStatistics', { name: 'scale' })) as { model_stats: Message[] }
  assert.equal(stats[0]?.['inference_count'], 1)
})

test('infers from typed and from raw contents', async () => {
  const typed = await ask('ModelInfer', { model_name: 'scale', id: '7', inputs: [input([1, 2, 3, 4], 2)] })
  assert.deepEqual([typed['id'], typed['model_version'], outputsOf(typed)], ['7', '1', [[3, 6, 9, 12]]])
  const raw = Buffer.from(Float32Array.of(5, 6).buffer)
  const bare = { name: 'input__0', datatype: 'FP32', shape: [1, 2] }
  const answer = await ask('ModelInfer', { model_name: 'scale', inputs: [bare], raw_input_contents: [raw] })
  assert.deepEqual(outputsOf(answer), [[15, 18]])
  const classes = { name: 'output__0', parameters: { classification: { int64_param: 1 } } }
  const classified = await ask('ModelInfer', { model_name: 'scale', inputs: [input([1, 9])], outputs: [classes] })
  const [text] = classified['raw_output_contents'] as Buffer[]
  assert.equal(text?.subarray(4).toString(), '27.000000:1')
})

test('answers a stream in its order, failures in their place', async () => {
  const open = client['ModelStreamInfer'] as (sent: Metadata) => Stream
  const stream = open.call(client, metadata)
  const answers: Message[] = []
  const ended = new Promise<void>((resolve) => {
    stream.on('data', (message) => answers.push(message))
    stream.on('end', resolve)
  })
  for (let at = 0; at < 100; at++) {
    stream.write({ model_name: at === 50 ? 'none' : 'scale', id: String(at), inputs: [input([at, 0])] })
  }
  stream.end()
  await ended
  const told = answers.map((answer) => (answer['infer_response'] as Message)['id'])
  assert.deepEqual(
    told,
    Array.from({ length: 100 }, (_, at) => String(at)),
  )
  assert.match(String(answers[50]?.['error_message']), /unknown model/)
  assert.deepEqual(outputsOf(answers[99]?.['infer_response'] as Message), [[297, 0]])
})

test('refuses with the statuses of gRPC', async () => {
  const cases: readonly [string, Message, number, RegExp][] = [
    ['ModelInfer', { model_name: 'none' }, 5, /unknown model/],
    ['ModelInfer', { model_name: 'scale' }, 3, /missing 'input__0'/],
    ['ModelInfer', { model_name: 'scale', inputs: [input([1])] }, 3, /unexpected number of elements/],
    [
      'ModelInfer',
      { model_name: 'scale', inputs: [input([1, 2])], raw_input_contents: [Buffer.alloc(3)] },
      3,
      /byte size 3/,
    ],
    ['ModelInfer', { model_name: 'scale', inputs: [{ ...input([1, 2]), datatype: 'BYTES' }] }, 3, /not supported/],
    ['RepositoryModelLoad', { model_name: 'none' }, 5, /not in the repository/],
    ['RepositoryModelUnload', { model_name: 'none' }, 5, /not known/],
  ]
  for (const [name, message, code, words] of cases) {
    await assert.rejects(ask(name, message), (error: ServiceError) => error.code === code && words.test(error.details))
  }
  await assert.rejects(ask('ServerLive', {}, new Metadata()), (error: ServiceError) => error.code === 7)
})

test('lists, unloads and loads with the files of the request; changes logging', async () => {
  const { models } = (await ask('RepositoryIndex')) as { models: Message[] }
  assert.deepEqual(
    models.map(({ name, state }) => [name, state]),
    [
      ['scale', 'READY'],
      ['simple', 'READY'],
    ],
  )
  await ask('RepositoryModelUnload', { model_name: 'simple' })
  assert.deepEqual(await ask('ModelReady', { name: 'simple' }), { ready: false })
  await ask('RepositoryModelLoad', { model_name: 'simple' })
  const parameters = {
    config: { string_param: '{"max_batch_size":2}' },
    'file:1/model.onnx': { bytes_param: Buffer.from(scaleGraph(8)) },
  }
  await ask('RepositoryModelLoad', { model_name: 'sent', parameters })
  assert.deepEqual(outputsOf(await ask('ModelInfer', { model_name: 'sent', inputs: [input([1, 2])] })), [[8, 16]])
  const { settings } = (await ask('LogSettings', { settings: { log_info: { bool_param: false } } })) as {
    settings: Record<string, Message>
  }
  assert.equal(settings['log_info']?.['bool_param'], false)
})

test('tells its health as gRPC’s health protocol wants', async () => {
  const health = clientOf('./health.proto', ['grpc', 'health', 'v1', 'Health'], server.addresses.grpc)
  const check = (health['Check'] as Call).bind(health)
  const answer = await new Promise((resolve, reject) => {
    check({ service: '' }, new Metadata(), (error, told) => (error === null ? resolve(told) : reject(error)))
  })
  health.close()
  assert.deepEqual(answer, { status: 'SERVING' })
})
