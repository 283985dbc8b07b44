// PyPI's tritonclient, unchanged, against our server over HTTP and gRPC. Skips where Python with it is not there.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ServerUnderTest, serverUnderTest } from '../../packages/platform/src/ai/inference/under-test/server.ts'
import { scaleGraph, sumGraph } from '../../packages/platform/src/testing/onnx-samples.ts'
import { peersEnvironment, pythonThat } from '../peers.ts'

const python = pythonThat('import tritonclient.http, tritonclient.grpc')
const program = fileURLToPath(new URL('./triton_client.py', import.meta.url))
const howToGet = `needs Python with tritonclient: pip install 'tritonclient[all]', and its path in XINGLIN_PEERS_PYTHON`

const open: { server?: ServerUnderTest } = {}
after(() => open.server?.close())

test('tritonclient works unchanged over HTTP and gRPC', { skip: python === undefined && howToGet }, async () => {
  const server = await serverUnderTest({
    repository: {
      'simple/config.pbtxt': `max_batch_size: 8
        input [ { name: "a" data_type: TYPE_FP32 dims: [ 3 ] }, { name: "b" data_type: TYPE_FP32 dims: [ 3 ] } ]
        output [ { name: "sum" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" },
                 { name: "difference" data_type: TYPE_FP32 dims: [ 3 ] } ]
        dynamic_batching { max_queue_delay_microseconds: 500 }`,
      'simple/1/model.onnx': sumGraph(),
      'simple/labels.txt': 'left\nmiddle\nright\n',
      'scale/config.pbtxt': 'max_batch_size: 4 version_policy { all { } }',
      'scale/1/model.onnx': scaleGraph(10),
      'scale/3/model.onnx': scaleGraph(30),
      'broken/1/model.onnx': 'no graph at all',
    },
  })
  open.server = server
  const model = join(server.folder, 'sent.onnx')
  await writeFile(model, scaleGraph(7))
  const { http, grpc } = server.addresses
  const args = [program, http.replace('http://', ''), grpc, model]
  const { stdout } = await promisify(execFile)(python ?? '', args, { timeout: 120_000, env: { ...peersEnvironment } })
  const results = JSON.parse(stdout) as Record<string, { passed: boolean; detail: string }>
  const failed = Object.entries(results).filter(([, { passed }]) => !passed)
  assert.deepEqual(failed, [])
  assert.ok(Object.keys(results).length >= 35, `only ${Object.keys(results).length} checks ran`)
})
