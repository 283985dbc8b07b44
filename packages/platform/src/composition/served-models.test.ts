// The port Models over a server that TRITON_URL names: here our own, asked as a stranger's.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { type ServerUnderTest, serverUnderTest } from '../ai/inference/under-test/server.ts'
import { freePort } from '../kernel/free-port.ts'
import { integerGraph } from '../testing/onnx-samples.ts'
import { servedModels } from './served-models.ts'

const state: { server?: ServerUnderTest } = {}
after(() => state.server?.close())

const nobody = () => {
  throw new Error('with TRITON_URL no service is called')
}

test('a Triton that is named takes the place of the own server', async () => {
  const server = await serverUnderTest({ repository: { 'integers/1/model.onnx': integerGraph() } })
  state.server = server
  const models = servedModels(`${server.addresses.http}/`, nobody)
  const { inputs, versions } = await models.metadata('integers')
  assert.deepEqual([inputs, versions], [[{ name: 'x', datatype: 'INT64', shape: [-1, 2] }], ['1']])
  const x = { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(3n, -4n) } as const
  const { double, isPositive } = await models.infer('integers', { x })
  assert.deepEqual([double?.data, isPositive?.data], [BigInt64Array.of(6n, -8n), Uint8Array.of(1, 0)])
  const stop = AbortSignal.abort()
  await assert.rejects(models.infer('integers', { x }, { signal: stop }), (error: AppError) => error.code === 'timeout')
})

test('says so when it cannot be reached', async () => {
  const models = servedModels(`http://127.0.0.1:${await freePort()}`, nobody)
  await assert.rejects(models.metadata('any'), (error) => error instanceof AppError && error.code === 'unavailable')
})
