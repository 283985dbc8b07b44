// core/learn over the platform's own port `Onnx`: the same steps in a supervised child process as in this one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import { type OpenSession, onnxruntimeSessions } from '../../packages/core/src/learn/index.ts'
import { smallCurves, trainCurve } from '../../packages/core/src/learn/testing/curves.ts'
import { createOnnx } from '../../packages/platform/src/engines/onnxruntime/index.ts'
import type { Onnx } from '../../packages/platform/src/kernel/ports.ts'
import { silentLogger } from '../../packages/platform/src/testing/silent-logger.ts'

test('training in a child process takes the same steps', async (context) => {
  const engine = createOnnx({ log: silentLogger, maxSessions: 1, queueLimit: 1 })
  context.after(() => engine.close())
  const port: Onnx = engine
  const outside: OpenSession = (graph, options) => port.open(graph, options)
  const [lstm] = smallCurves
  assert.ok(lstm)
  assert.deepEqual(await trainCurve(outside, lstm), await trainCurve(onnxruntimeSessions(onnxruntime), lstm))
})
