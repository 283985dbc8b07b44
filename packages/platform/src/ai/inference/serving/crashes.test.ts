// A model whose process dies answers 503 and is there again by itself; other models do not notice; idle processes end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { convolutionGraph, scaleGraph } from '../../../testing/onnx-samples.ts'
import { type ServerUnderTest, serverUnderTest } from '../under-test/server.ts'

const onLinux = process.platform === 'linux' ? false : 'finds processes with ps as Linux has it'

const open: ServerUnderTest[] = []
after(() => Promise.all(open.map((server) => server.close())))

async function start(idleSeconds: number): Promise<ServerUnderTest> {
  const server = await serverUnderTest({
    repository: {
      'slow/config.pbtxt': 'max_batch_size: 1',
      'slow/1/model.onnx': convolutionGraph({ side: 256, channels: 16, layers: 4 }),
      'scale/1/model.onnx': scaleGraph(2),
    },
    environment: { INFERENCE_IDLE_SECONDS: String(idleSeconds) },
  })
  open.push(server)
  return server
}

type Numbers = readonly number[]

async function infer(server: ServerUnderTest, model: string, shape: Numbers, data: Numbers): Promise<number> {
  const inputs = [{ name: 'input__0', datatype: 'FP32', shape, data }]
  const body = JSON.stringify({ inputs, parameters: { binary_data_output: true } })
  const answer = await server.fetch(`/v2/models/${model}/infer`, { method: 'POST', body })
  await answer.arrayBuffer()
  return answer.status
}

const image = Array<number>(256 * 256).fill(1)
const slow = (server: ServerUnderTest): Promise<number> => infer(server, 'slow', [1, 1, 256, 256], image)
const fast = (server: ServerUnderTest): Promise<number> => infer(server, 'scale', [1, 2], [1, 2])

function childPids(): readonly number[] {
  const text = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'pid=,args='], { encoding: 'utf8' })
  const lines = text.split('\n').filter((line) => line.includes('onnxruntime/child'))
  return lines.map((line) => Number.parseInt(line, 10))
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 240_000 // a guard against hanging
  while (!(await isSo())) {
    assert.ok(Date.now() < end, what)
    await delay(50)
  }
}

// The process stands still from before its request until it is killed, so that no machine is too fast or too slow for this.
test('a killed process fails its request alone and comes back', { skip: onLinux }, async () => {
  const server = await start(3600)
  assert.deepEqual(childPids(), []) // no process before the first request
  assert.equal(await slow(server), 200)
  const [pid = 0, ...others] = childPids()
  assert.deepEqual(others, [])
  assert.equal(await fast(server), 200)
  process.kill(pid, 'SIGSTOP')
  const running = slow(server)
  await until(async () => {
    const text = await (await fetch(server.addresses.metrics)).text()
    return text.includes('nv_inference_pending_request_count{model="slow",version="1"} 1')
  }, 'the request runs')
  assert.equal(await fast(server), 200)
  process.kill(pid, 'SIGKILL')
  assert.equal(await running, 503)
  assert.equal(await fast(server), 200)
  await until(async () => (await slow(server)) === 200, 'the model came back')
  await open.pop()?.close()
})

test('processes end after a rest, and the next request starts one', { skip: onLinux }, async () => {
  const server = await start(1)
  assert.equal(await fast(server), 200)
  await until(() => childPids().length === 0, 'idle processes ended')
  // On a busy machine it may have had its rest again before anybody looks.
  await until(async () => (await fast(server)) === 200 && childPids().length === 1, 'a process is there again')
})
