// Inclusion and consistency proofs of the trail, out of the nodes that are stored with the seals: one statement each.
import { AppError } from '@xinglin/core/errors'
import {
  type NodeAddress,
  type ProofPlan,
  planConsistency,
  planInclusion,
  planRoot,
  proofHashes,
} from '@xinglin/core/merkle'
import type { Queryable } from '../../../kernel/sql.ts'
import { readState } from '../seal/seal-store.ts'
import { sha256 } from '../seal/sealed-record.ts'

/** That an event is in the trail; all hashes hex. */
export interface InclusionProof {
  readonly seq: number
  readonly eventId: number
  readonly size: number
  readonly leaf: string
  readonly root: string
  readonly proof: readonly string[]
}

/** That a shorter trail is the beginning of a longer one; all hashes hex. */
export interface ConsistencyProof {
  readonly from: number
  readonly to: number
  readonly fromRoot: string
  readonly toRoot: string
  readonly proof: readonly string[]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const nameOf = ({ level, index }: NodeAddress): string => `${level}/${index}`

// A node is complete with the last leaf below it, and is stored there behind the nodes of lower levels.
async function readNodes(sql: Queryable, addresses: readonly NodeAddress[]): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await sql.query<{ level: number; index: number; node: Buffer }>({
    text: `SELECT a.level, a.index, substr(s.nodes, a.level * 32 + 1, 32) AS node
           FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS a (level, index, seq) JOIN audit.seal s USING (seq)`,
    values: [
      addresses.map(({ level }) => level),
      addresses.map(({ index }) => index),
      addresses.map(({ level, index }) => (index + 1) * 2 ** level - 1),
    ],
  })
  return new Map(rows.map((row) => [nameOf(row), row.node]))
}

type Folds = (plan: ProofPlan) => readonly Uint8Array[]

async function folderOf(sql: Queryable, plans: readonly ProofPlan[]): Promise<Folds> {
  const nodes = await readNodes(sql, plans.flat(2))
  return (plan) =>
    proofHashes(sha256, plan, (address) => {
      const node = nodes.get(nameOf(address))
      if (node === undefined) throw new AppError('conflict', 'A node of the tree is missing; verify the trail')
      return node
    })
}

async function checkedSize(sql: Queryable, size: number | undefined): Promise<number> {
  const state = await readState(sql)
  if (size === undefined) return state.size
  if (size > state.size) throw new AppError('not-found', `The trail has ${state.size} sealed events, not ${size}`)
  return size
}

/** Proves that the event at place `seq` is in the trail of `size` events (default: all). */
export async function proveInclusion(sql: Queryable, seq: number, size?: number): Promise<InclusionProof> {
  const total = await checkedSize(sql, size)
  if (seq >= total)
    throw new AppError('not-found', `A trail of ${total} sealed events has no place ${seq}; places count from 0`)
  const [seal] = await sql.query<{ eventId: number; leaf: Buffer }>({
    text: 'SELECT event_id AS "eventId", substr(nodes, 1, 32) AS leaf FROM audit.seal WHERE seq = $1',
    values: [seq],
  })
  if (seal === undefined) throw new AppError('conflict', `The seal at place ${seq} is missing; verify the trail`)
  const plan = planInclusion(seq, total)
  const root = planRoot(total)
  const fold = await folderOf(sql, [plan, [root]])
  return {
    seq,
    eventId: seal.eventId,
    size: total,
    leaf: hex(seal.leaf),
    root: fold([root]).map(hex).join(''),
    proof: fold(plan).map(hex),
  }
}

/** Proves that the trail of `from` events is the beginning of the one of `to` events (default: all). */
export async function proveConsistency(sql: Queryable, from: number, to?: number): Promise<ConsistencyProof> {
  const total = await checkedSize(sql, to)
  if (from > total) throw new AppError('invalid-parameter', `from (${from}) must not be above to (${total})`)
  const plan = planConsistency(from, total)
  const roots = [planRoot(from), planRoot(total)] as const
  const fold = await folderOf(sql, [plan, roots])
  const rootHex = (size: number, nodes: readonly NodeAddress[]): string =>
    size === 0 ? hex(sha256(new Uint8Array(0))) : fold([nodes]).map(hex).join('')
  return {
    from,
    to: total,
    fromRoot: rootHex(from, roots[0]),
    toRoot: rootHex(total, roots[1]),
    proof: fold(plan).map(hex),
  }
}
