// Proofs and signatures are checked for what they are: changed ones are found out.
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { leafHash, nodeHash } from '@xinglin/core/merkle'
import type { Checkpoint, InclusionProof } from '../../api/audit.ts'
import { bytesOfHex, checkInclusion, checkSignature } from './check-proof.ts'
import { sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const leaves = [0, 1, 2].map((value) => leafHash(sha256, Uint8Array.of(value)))
const [zero, one, two] = leaves as [Uint8Array, Uint8Array, Uint8Array]
const left = nodeHash(sha256, zero, one)
const root = nodeHash(sha256, left, two)
const proof: InclusionProof = {
  seq: 1,
  eventId: 7,
  size: 3,
  leaf: hex(one),
  root: hex(root),
  proof: [hex(zero), hex(two)],
}

test('accepts a right proof and finds out a changed one', () => {
  assert.equal(checkInclusion(proof), 'right')
  assert.equal(checkInclusion({ ...proof, leaf: hex(zero) }), 'wrong')
  assert.equal(checkInclusion({ ...proof, seq: 0 }), 'wrong')
  assert.equal(checkInclusion({ ...proof, proof: [hex(zero)] }), 'wrong')
  assert.equal(checkInclusion({ ...proof, root: 'zz' }), 'wrong')
})

function signedCheckpoint(): { readonly checkpoint: Checkpoint; readonly publicKey: string } {
  const keys = generateKeyPairSync('ed25519')
  const origin = 'xinglin.audit/t'
  const text = `${origin}\n3\n${Buffer.from(root).toString('base64')}\nnumber 0\n`
  const signature = Buffer.concat([Buffer.from('00000000', 'hex'), sign(null, Buffer.from(text), keys.privateKey)])
  const note = `${text}\n\u2014 ${origin} ${signature.toString('base64')}\n`
  return {
    checkpoint: { number: 0, size: 3, root: hex(root), at: '2026-01-01T00:00:00Z', note },
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

test('accepts the signature of the key, and no other note or key', async () => {
  const { checkpoint, publicKey } = signedCheckpoint()
  assert.equal(await checkSignature(checkpoint, publicKey), 'right')
  assert.equal(await checkSignature(checkpoint, signedCheckpoint().publicKey), 'wrong')
  assert.equal(await checkSignature({ ...checkpoint, size: 4 }, publicKey), 'wrong')
  assert.equal(
    await checkSignature({ ...checkpoint, note: checkpoint.note.replace('number 0', 'number 1') }, publicKey),
    'wrong',
  )
  assert.equal(await checkSignature({ ...checkpoint, note: 'no note' }, publicKey), 'wrong')
})

test('reads hex and nothing else', () => {
  assert.deepEqual(bytesOfHex('00ff'), Uint8Array.of(0, 255))
  assert.deepEqual([bytesOfHex('0'), bytesOfHex('xx')], [undefined, undefined])
})
