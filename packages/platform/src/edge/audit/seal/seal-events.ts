// Seals events: computes links, leaves and nodes, and writes them with how far sealing came, in one transaction.
import type { Tx } from '../../../kernel/sql.ts'
import { advance, insertSeals, type NewSeals, type RipeEvent, ripeEvents, type SealState } from './seal-store.ts'
import { chainOf, leafOf, recordBytesOf } from './sealed-record.ts'
import { treeOf } from './tree.ts'

interface Sealed {
  readonly seals: NewSeals
  readonly state: Omit<SealState, 'trail'>
}

/** The state after sealing these events, and their seals. */
function sealed(state: SealState, events: readonly RipeEvent[]): Sealed {
  const tree = treeOf(state)
  const chains: Uint8Array[] = []
  const nodes: Uint8Array[] = []
  const nodeCounts: number[] = []
  for (const event of events) {
    const record = recordBytesOf({ ...event, seq: tree.size, eventId: event.id })
    chains.push(chainOf(chains.at(-1) ?? state.chain, record))
    const completed = tree.append(leafOf(record))
    nodes.push(...completed)
    nodeCounts.push(completed.length)
  }
  const last = events.at(-1)
  return {
    seals: {
      firstSeq: state.size,
      eventIds: events.map((event) => event.id),
      commitments: Buffer.concat(events.map((event) => event.commitment)),
      chains: Buffer.concat(chains),
      nodes: Buffer.concat(nodes),
      nodeCounts,
    },
    state: {
      size: tree.size,
      chain: Buffer.from(chains.at(-1) ?? state.chain),
      frontier: Buffer.concat(tree.frontier),
      afterTxid: last?.txid ?? state.afterTxid,
      afterId: last?.id ?? state.afterId,
    },
  }
}

/**
 * Seals the next events whose turn has come, at most `limit`; the state must be locked.
 * @returns how many
 */
export async function sealRipeEvents(tx: Tx, state: SealState, limit: number): Promise<number> {
  const events = await ripeEvents(tx, state, limit)
  if (events.length === 0) return 0
  const next = sealed(state, events)
  await insertSeals(tx, next.seals)
  await advance(tx, next.state)
  return events.length
}
