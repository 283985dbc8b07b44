// Our .npy files beside NumPy's: what it loads from ours and saves again is the same, byte for byte.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readNpy, type Tensor, writeNpy } from '../../packages/core/src/learn/index.ts'
import { howToGetTorch, torchPython } from './torch-peer.ts'

const python = torchPython()

const tensors: readonly Tensor[] = [
  { datatype: 'FP32', shape: [128, 12], data: new Float32Array(128 * 12).fill(0.1) },
  { datatype: 'FP32', shape: [], data: Float32Array.of(Number.NaN) },
  { datatype: 'FP32', shape: [0, 3], data: new Float32Array(0) },
  { datatype: 'FP64', shape: [2, 1, 2], data: Float64Array.of(1, -0, 1e300, 2) },
  { datatype: 'INT64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
  { datatype: 'INT32', shape: [1, 2, 1, 2, 1, 2, 1, 2], data: new Int32Array(16).fill(-7) },
  { datatype: 'UINT8', shape: [1_000_000_000_000, 0], data: new Uint8Array(0) },
  { datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
]

test('NumPy saves what it loads from our .npy files as the same bytes', {
  skip: python === undefined && howToGetTorch,
}, () => {
  const ours = tensors.map((tensor) => Buffer.from(writeNpy(tensor)).toString('base64'))
  const script = fileURLToPath(new URL('npy_echo.py', import.meta.url))
  const run = spawnSync(python ?? '', [script], { input: JSON.stringify(ours), encoding: 'utf8', timeout: 60_000 })
  assert.equal(run.status, 0, run.stderr)
  const { files } = JSON.parse(run.stdout) as { readonly files: readonly string[] }
  for (const [index, tensor] of tensors.entries()) {
    const theirs = Buffer.from(files[index] ?? '', 'base64')
    assert.deepEqual(theirs, Buffer.from(ours[index] ?? '', 'base64'), `[${tensor.shape}] ${tensor.datatype}`)
    assert.deepEqual(readNpy(theirs), tensor)
  }
})
