// Merkle tree against the published vectors of Certificate Transparency, and against the recursive definition as a second method.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  emptyRoot,
  foldNodes,
  growTree,
  type Hash,
  leafHash,
  type NodeAddress,
  nodeHash,
  planConsistency,
  planInclusion,
  planRoot,
  proofHashes,
  verifyConsistency,
  verifyInclusion,
} from './index.ts'

const sha256: Hash = (bytes) => createHash('sha256').update(bytes).digest()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

// Entries, roots and proofs of the reference implementation's tests:
// https://github.com/transparency-dev/merkle (testonly/constants.go, proof/verify_test.go).
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const inclusions = [
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
] as const
const consistencies = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
] as const

interface Built {
  readonly leaves: readonly Uint8Array[]
  readonly roots: readonly Uint8Array[]
  readonly read: (address: NodeAddress) => Uint8Array
  /** How many nodes were read. */
  readonly reads: { count: number }
}

function build(leaves: readonly Uint8Array[]): Built {
  const tree = growTree(sha256)
  const nodes = new Map<string, Uint8Array>()
  const seen = [tree.root()]
  for (const leaf of leaves) {
    for (const [level, node] of tree.append(leaf).entries()) {
      nodes.set(`${level}/${Math.floor((tree.size - 1) / 2 ** level)}`, node)
    }
    seen.push(tree.root())
  }
  const reads = { count: 0 }
  const read = ({ level, index }: NodeAddress): Uint8Array => {
    reads.count += 1
    const node = nodes.get(`${level}/${index}`)
    if (node === undefined) throw new Error(`node ${level}/${index} is not stored`)
    return node
  }
  return { leaves, roots: seen, read, reads }
}

const published = build(entries.map((entry) => leafHash(sha256, Buffer.from(entry, 'hex'))))
const numbered = build(Array.from({ length: 300 }, (_, at) => leafHash(sha256, Buffer.from(`leaf ${at}`))))

// MTH of RFC 6962, section 2.1, word for word: the second method.
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = leaves
  if (first === undefined) return emptyRoot(sha256)
  if (rest.length === 0) return first
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return nodeHash(sha256, rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)))
}

test('roots are the published ones', () => {
  assert.deepEqual(published.roots.map(hex), roots)
})

test('inclusion proofs are the published ones', () => {
  for (const [index, size, expected] of inclusions) {
    assert.deepEqual(proofHashes(sha256, planInclusion(index, size), published.read).map(hex), expected)
  }
})

test('consistency proofs are the published ones', () => {
  for (const [from, to, expected] of consistencies) {
    assert.deepEqual(proofHashes(sha256, planConsistency(from, to), published.read).map(hex), expected)
  }
})

test('the root of any size follows the recursive definition, grown at once, resumed, or folded from stored nodes', () => {
  for (const size of [0, 1, 2, 3, 7, 8, 100, 255, 256, 257, 300]) {
    const expected = hex(rootByDefinition(numbered.leaves.slice(0, size)))
    assert.equal(hex(numbered.roots[size] ?? Buffer.of()), expected)
    if (size > 0) assert.equal(hex(foldNodes(sha256, planRoot(size).map(numbered.read))), expected)
    const half = growTree(sha256)
    for (const leaf of numbered.leaves.slice(0, size >> 1)) half.append(leaf)
    const resumed = growTree(sha256, half)
    for (const leaf of numbered.leaves.slice(size >> 1, size)) resumed.append(leaf)
    assert.equal(hex(resumed.root()), expected)
  }
})

const sizes = fc.integer({ min: 1, max: 300 })

test('every leaf of every tree has an inclusion proof that verifies, in O(log n) reads', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (size, seed) => {
      const index = seed % size
      numbered.reads.count = 0
      const proof = proofHashes(sha256, planInclusion(index, size), numbered.read)
      assert.ok(numbered.reads.count <= 2 * Math.ceil(Math.log2(size) + 1))
      const leaf = numbered.leaves[index] ?? Buffer.of()
      const root = numbered.roots[size] ?? Buffer.of()
      assert.ok(verifyInclusion(sha256, { index, size, leaf, root, proof }))
    }),
    { numRuns: 1000 },
  )
})

test('an inclusion proof proves nothing else: other leaf, place, root, or a changed, missing or added hash', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, seed, other) => {
      const index = seed % size
      const proof = proofHashes(sha256, planInclusion(index, size), numbered.read)
      const leaf = numbered.leaves[index] ?? Buffer.of()
      const root = numbered.roots[size] ?? Buffer.of()
      const claim = { index, size, leaf, root, proof }
      const wrong = sha256(Buffer.from('wrong'))
      const at = proof.length === 0 ? 0 : other % proof.length
      const elsewhere = (index + 1 + (other % 299)) % 300
      assert.ok(!verifyInclusion(sha256, { ...claim, leaf: wrong }))
      assert.ok(!verifyInclusion(sha256, { ...claim, root: wrong }))
      if (elsewhere !== index) assert.ok(!verifyInclusion(sha256, { ...claim, index: elsewhere }))
      assert.ok(!verifyInclusion(sha256, { ...claim, proof: [...proof, wrong] }))
      if (proof.length > 0) {
        assert.ok(!verifyInclusion(sha256, { ...claim, proof: proof.toSpliced(at, 1, wrong) }))
        assert.ok(!verifyInclusion(sha256, { ...claim, proof: proof.toSpliced(at, 1) }))
      }
    }),
    { numRuns: 1000 },
  )
})

test('every earlier tree is proved to be the beginning of every later one', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), (to, seed) => {
      const from = seed % (to + 1)
      const proof = proofHashes(sha256, planConsistency(from, to), numbered.read)
      const fromRoot = numbered.roots[from] ?? Buffer.of()
      const toRoot = numbered.roots[to] ?? Buffer.of()
      assert.ok(verifyConsistency(sha256, { from, to, fromRoot, toRoot, proof }))
    }),
    { numRuns: 1000 },
  )
})

test('no consistency proof joins histories that differ', () => {
  const forged = build(numbered.leaves.with(40, sha256(Buffer.from('forged'))))
  fc.assert(
    fc.property(fc.integer({ min: 42, max: 300 }), fc.nat(), (to, seed) => {
      const from = 41 + (seed % (to - 41))
      const fromRoot = numbered.roots[from] ?? Buffer.of()
      const toRoot = forged.roots[to] ?? Buffer.of()
      for (const { read } of [numbered, forged]) {
        const proof = proofHashes(sha256, planConsistency(from, to), read)
        assert.ok(!verifyConsistency(sha256, { from, to, fromRoot, toRoot, proof }))
      }
    }),
    { numRuns: 300 },
  )
})

test('a changed, missing or added hash breaks a consistency proof', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), (to, seed, other) => {
      const from = 1 + (seed % (to - 1))
      const proof = proofHashes(sha256, planConsistency(from, to), numbered.read)
      const claim = {
        from,
        to,
        fromRoot: numbered.roots[from] ?? Buffer.of(),
        toRoot: numbered.roots[to] ?? Buffer.of(),
      }
      const wrong = sha256(Buffer.from('wrong'))
      const at = other % proof.length
      assert.ok(!verifyConsistency(sha256, { ...claim, proof: proof.toSpliced(at, 1, wrong) }))
      assert.ok(!verifyConsistency(sha256, { ...claim, proof: proof.toSpliced(at, 1) }))
      assert.ok(!verifyConsistency(sha256, { ...claim, proof: [...proof, wrong] }))
      assert.ok(!verifyConsistency(sha256, { ...claim, proof: [] }))
    }),
    { numRuns: 500 },
  )
})

test('places and sizes that cannot be are refused', () => {
  const root = numbered.roots[4] ?? Buffer.of()
  const leaf = numbered.leaves[0] ?? Buffer.of()
  for (const [index, size] of [
    [0, 0],
    [4, 4],
    [-1, 4],
    [0.5, 4],
    [0, Number.NaN],
    [0, 2 ** 53],
  ] as const) {
    assert.throws(() => planInclusion(index, size), RangeError)
    assert.ok(!verifyInclusion(sha256, { index, size, leaf, root, proof: [] }))
  }
  assert.throws(() => planConsistency(5, 4), RangeError)
  assert.throws(() => planConsistency(-1, 4), RangeError)
  assert.ok(!verifyConsistency(sha256, { from: 5, to: 4, fromRoot: root, toRoot: root, proof: [] }))
  assert.throws(() => growTree(sha256, { size: 3, frontier: [leaf] }), RangeError)
})

test('plans stay right beyond 32 bits', () => {
  const size = 2 ** 40 + 5
  assert.deepEqual(planRoot(size), [
    { level: 40, index: 0 },
    { level: 2, index: 2 ** 38 },
    { level: 0, index: 2 ** 40 + 4 },
  ])
  assert.equal(planInclusion(2 ** 40 + 4, size).length, 2)
  assert.equal(planInclusion(0, size).length, 41)
})
