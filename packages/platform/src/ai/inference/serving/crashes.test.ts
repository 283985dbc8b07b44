// A model whose process dies answers 503 and is there again by itself; other models do not notice; idle processes end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { convolutionGraph, scaleGraph } from '../../../testing/onnx-samples.ts'
import { type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'

const onLinux = process.platform === 'linux' ? false : 'finds processes with ps as Linux has it'

let server: ServerUnderTest
before(async () => {
  server = await serverUnderTest({
    repository: {
      'slow/config.pbtxt': 'max_batch_size: 1',
      'slow/1/model.onnx': convolutionGraph({ side: 256, channels: 16, layers: 40 }),
      'scale/1/model.onnx': scaleGraph(2),
    },
    environment: { INFERENCE_IDLE_SECONDS: '1' },
  })
})
after(() => server.close())

async function infer(model: string, shape: readonly number[], data: readonly number[]): Promise<number> {
  const inputs = [{ name: 'input__0', datatype: 'FP32', shape, data }]
  const body = JSON.stringify({ inputs, parameters: { binary_data_output: true } })
  const answer = await server.fetch(`/v2/models/${model}/infer`, { method: 'POST', body })
  await answer.arrayBuffer()
  return answer.status
}

const image = Array<number>(256 * 256).fill(1)
const slow = (): Promise<number> => infer('slow', [1, 1, 256, 256], image)
const fast = (): Promise<number> => infer('scale', [1, 2], [1, 2])

function childPids(): readonly number[] {
  const text = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,args='], { encoding: 'utf8' })
  const lines = text.split('\n').filter((line) => line.includes('onnxruntime/child'))
  return lines.map((line) => Number.parseInt(line, 10))
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000
  while (!(await isSo())) {
    assert.ok(Date.now() < end, what)
    await delay(50)
  }
}

test('starts no process before the first request', { skip: onLinux }, () => assert.deepEqual(childPids(), []))

test('a killed process fails its request alone and comes back', { skip: onLinux }, async () => {
  assert.equal(await slow(), 200)
  const [pid = 0] = childPids()
  assert.equal(await fast(), 200)
  const running = slow()
  await until(async () => {
    const text = await (await fetch(server.addresses.metrics)).text()
    return text.includes('nv_inference_pending_request_count{model="slow",version="1"} 1')
  }, 'the request runs')
  process.kill(pid, 'SIGKILL')
  assert.equal(await fast(), 200)
  assert.equal(await running, 503)
  await until(async () => (await slow()) === 200, 'the model came back')
  assert.equal(await fast(), 200)
})

test('processes end after a rest, and the next request starts one', { skip: onLinux }, async () => {
  await until(() => childPids().length === 0, 'idle processes ended')
  assert.equal(await fast(), 200)
  assert.equal(childPids().length, 1)
})
