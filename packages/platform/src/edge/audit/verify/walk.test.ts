// Every byte that verification looks at is covered by a hash: whichever is changed, something is found.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growTree } from '@xinglin/core/merkle'
import fc from 'fast-check'
import { chainOf, chainStart, commitmentOf, leafOf, recordBytesOf, sha256 } from '../seal/sealed-record.ts'
import { rowsOf } from '../trail/payload.ts'
import { readOf } from '../under-test/trail.ts'
import type { FaultKind } from './report.ts'
import type { SealedRow } from './trail-store.ts'
import { createWalk } from './walk.ts'

const salt = '0198aaaa-bbbb-7ccc-8ddd-eeeeffff0000'

function build(count: number): readonly SealedRow[] {
  const tree = growTree(sha256)
  let chain = chainStart
  return Array.from({ length: count }, (_, seq) => {
    const [row] = rowsOf(readOf(`p-${seq}`), 0)
    assert.ok(row)
    const { payload, keys } = row
    const seal = {
      seq,
      eventId: 100 + seq,
      recordedUs: 1_786_000_000_000_000 + seq,
      commitment: commitmentOf(salt, payload),
    }
    const record = recordBytesOf(seal)
    chain = chainOf(chain, record)
    const nodes = Buffer.concat(tree.append(leafOf(record)))
    return { ...seal, commitment: Buffer.from(seal.commitment), chain: Buffer.from(chain), nodes, salt, payload, keys }
  })
}

/** What a walk finds, with whether it ends where the untouched rows end. */
function walk(rows: readonly SealedRow[]) {
  const steps = createWalk()
  const faults = rows.flatMap((row, at) => steps.step(row, rows[at + 1]))
  return {
    faults,
    root: Buffer.from(steps.tree.root()).toString('hex'),
    chain: Buffer.from(steps.chain()).toString('hex'),
  }
}

const rows = build(70)
const intact = walk(rows)
const places = fc.integer({ min: 0, max: rows.length - 1 })

function flipBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << (bit % 8)), at)
  return copy
}

const mutations: Readonly<Record<string, (row: SealedRow, bit: number) => SealedRow>> = {
  commitment: (row, bit) => ({ ...row, commitment: flipBit(row.commitment, bit) }),
  chain: (row, bit) => ({ ...row, chain: flipBit(row.chain, bit) }),
  nodes: (row, bit) => ({ ...row, nodes: flipBit(row.nodes, bit) }),
  shortened: (row) => ({ ...row, nodes: row.nodes.subarray(0, row.nodes.length - 1) }),
  time: (row, bit) => ({ ...row, recordedUs: (row.recordedUs ?? 0) + 1 + bit }),
  number: (row, bit) => ({ ...row, eventId: row.eventId + 1 + bit }),
  salt: (row) => ({ ...row, salt: salt.replace('a', 'b') }),
  payload: (row) => ({ ...row, payload: row.payload?.replace('"p-', '"q-') ?? '' }),
  keys: (row, bit) => ({ ...row, keys: (row.keys ?? []).map((key, at) => (at === bit % 4 ? key + 1 : key)) }),
  event: (row) => ({ ...row, recordedUs: null, salt: null, payload: null, keys: null }),
}

test('untouched rows have no finding', () => {
  assert.deepEqual(intact.faults, [])
})

test('a change of one field of one row is found at that row, or at the one that follows it', () => {
  fc.assert(
    fc.property(places, fc.constantFrom(...Object.keys(mutations)), fc.nat({ max: 2000 }), (place, name, bit) => {
      const row = rows[place]
      const mutate = mutations[name]
      assert.ok(row && mutate)
      const { faults } = walk(rows.with(place, mutate(row, bit)))
      assert.ok(faults.length >= 1, `${name} at ${place}`)
      assert.equal(faults[0]?.seq, place, `${name} at ${place}: ${faults[0]?.detail}`)
    }),
    { numRuns: 2000 },
  )
})

const renumbered = (list: readonly SealedRow[]): readonly SealedRow[] => list.map((row, seq) => ({ ...row, seq }))

function firstOf(list: readonly SealedRow[]): readonly [FaultKind | undefined, number | undefined] {
  const [first] = walk(list).faults
  return [first?.kind, first?.seq]
}

test('rows taken away are missed at their place, renumbered or not; at the end the walk ends elsewhere', () => {
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 5 }), fc.boolean(), (place, count, isRenumbered) => {
      const left = rows.toSpliced(place, count)
      if (place + count >= rows.length) assert.notEqual(walk(left).root, intact.root)
      else assert.deepEqual(firstOf(isRenumbered ? renumbered(left) : left), ['deleted', place])
    }),
    { numRuns: 500 },
  )
})

test('a row put in between is found at its place, with or without a link of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: rows.length - 2 }), fc.boolean(), (place, isLinked) => {
      const [template, before] = [rows[0], rows[place - 1]]
      assert.ok(template && before)
      const record = recordBytesOf({ ...template, eventId: 999, seq: place, recordedUs: 1 })
      const alien = {
        ...template,
        eventId: 999,
        recordedUs: 1,
        chain: Buffer.from(chainOf(before.chain, record)),
        nodes: Buffer.from(leafOf(record)),
      }
      const [kind, seq] = firstOf(
        renumbered(rows.toSpliced(place, 0, isLinked ? alien : { ...template, eventId: 999 })),
      )
      // With a link of its own it may first be missed in the nodes that grew over it.
      assert.ok(
        kind === 'inserted' || (isLinked && kind === 'node-changed') || (!isLinked && kind === 'reordered'),
        kind,
      )
      assert.equal(seq, place)
    }),
    { numRuns: 300 },
  )
})

test('two rows exchanged are found at the first of them', () => {
  fc.assert(
    fc.property(places, places, (one, other) => {
      fc.pre(one !== other)
      const [a, b] = [rows[one], rows[other]]
      assert.ok(a && b)
      const [kind, seq] = firstOf(renumbered(rows.with(one, b).with(other, a)))
      assert.ok(kind === 'reordered' || kind === 'deleted', kind)
      assert.equal(seq, Math.min(one, other))
    }),
    { numRuns: 500 },
  )
})
