// The memory of requests and answers is freed early: none of many requests at once may ever see another's.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeAnswer, encodeRequest, headerLengthName } from '../../../engines/kserve/binary-tensors.ts'
import { createKserveModels } from '../../../engines/kserve/index.ts'
import { freeBytes } from '../../../kernel/free-bytes.ts'
import type { Models, Tensor } from '../../../kernel/ports.ts'
import { bytesOf } from '../../../kernel/tensors.ts'
import { onnxGraph } from '../../../testing/onnx-graph.ts'
import { scaleGraph } from '../../../testing/onnx-samples.ts'
import { splitBatch } from '../serving/batch.ts'
import { type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'

const size = 4096 // 16 kB a tensor: large enough to be freed
const largeSize = 2_000_000 // 8 MB
const batching = 'max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 2000 }'

// One row whatever the batch: every request of a batch gets all of it.
function constantGraph(): Uint8Array {
  return onnxGraph({
    inputs: [{ name: 'input__0', shape: ['batch', size] }],
    outputs: [{ name: 'output__0', shape: ['rows', size] }],
    constants: [
      { name: 'factor', shape: [1], data: Float32Array.of(3) },
      { name: 'ones', shape: [1, size], data: new Float32Array(size).fill(1) },
    ],
    nodes: [{ op: 'Mul', inputs: ['ones', 'factor'], outputs: ['output__0'] }],
  })
}

let server: ServerUnderTest
let models: Models
before(async () => {
  server = await serverUnderTest({
    repository: {
      'alone/1/model.onnx': scaleGraph(3, size),
      'large/1/model.onnx': scaleGraph(3, largeSize),
      'batched/config.pbtxt': batching,
      'batched/1/model.onnx': scaleGraph(3, size),
      'shared/config.pbtxt': batching,
      'shared/1/model.onnx': constantGraph(),
    },
  })
  models = createKserveModels({ send: (path, init) => fetch(`${server.addresses.http}${path}`, init) })
})
after(() => server.close())

async function outputsOf(model: string, value: number) {
  const data = new Float32Array(size).fill(value)
  return models.infer(model, { input__0: { datatype: 'FP32', shape: [1, size], data } })
}

const isAll = (data: ArrayLike<unknown> | undefined, wanted: number, count = size): boolean =>
  data?.length === count && Array.from(data).every((one) => one === wanted)

for (const model of ['alone', 'batched', 'shared']) {
  test(`each of 60 requests to the model '${model}' gets its own numbers`, async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, value) => outputsOf(model, value)))
    for (const [value, outputs] of answers.entries()) {
      assert.ok(isAll(outputs['output__0']?.data, model === 'shared' ? 3 : value * 3), `request ${value}`)
    }
  })
}

test('a client that reads late gets every number', async () => {
  const { body, headerLength } = encodeRequest(
    { input__0: { datatype: 'FP32', shape: [1, largeSize], data: new Float32Array(largeSize).fill(2) } },
    undefined,
  )
  const headers = { [headerLengthName]: String(headerLength), 'content-length': String(body.byteLength) }
  const asked = request(`${server.addresses.http}/v2/models/large/infer`, { method: 'POST', headers })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  await delay(300) // the answer is larger than all that sockets hold
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  const numbers = decodeAnswer(Buffer.concat(chunks), Number(answer.headers[headerLengthName]))['output__0']?.data
  assert.ok(isAll(numbers, 6, largeSize))
})

test('a result without a batch is copied for each request: freeing one leaves the others', () => {
  const result: Tensor = { datatype: 'FP32', shape: [1, size], data: new Float32Array(size).fill(3) }
  const [first, second] = splitBatch({ output__0: result }, [1, 1])
  if (first?.['output__0'] !== undefined) freeBytes(bytesOf(first['output__0']))
  assert.equal(first?.['output__0']?.data.length, 0)
  assert.ok(isAll(second?.['output__0']?.data, 3))
})

test('our client asks for no compression: numbers are sent as they are', async () => {
  const codings: (string | null)[] = []
  const client = createKserveModels({
    async send(path, init) {
      const answer = await fetch(`${server.addresses.http}${path}`, init)
      codings.push(answer.headers.get('content-encoding'))
      return answer
    },
  })
  await client.infer('alone', { input__0: { datatype: 'FP32', shape: [1, size], data: new Float32Array(size) } })
  assert.deepEqual(codings, [null])
})
