// Who belongs to which consumer group, in the words that Kong has for it at both addresses (pure).
import type { AdminTarget } from './admin-path.ts'
import { findEntity } from './changes.ts'
import type { Entity, KongMembership, KongState } from './entities.ts'
import type { SentFields } from './fields.ts'

type Side = 'consumer' | 'consumer_group'

const listKinds = { consumer: 'consumers', consumer_group: 'consumer_groups' } as const

// Of `/consumer_groups/{g}/consumers` the other side is the consumer, and the reverse.
function otherSide(target: AdminTarget): Side {
  return target.parent?.field === 'consumer' ? 'consumer_group' : 'consumer'
}

const isMembership = ({ kind }: AdminTarget): boolean => kind === 'consumer_group_consumers'

/** Fields as sent, with Kong's short words `consumer=<name>` and `group=<name>` turned into references. */
export function membershipFieldsOf(target: AdminTarget, sent: SentFields): SentFields {
  if (!isMembership(target)) return sent
  const { group, ...rest } = sent.values
  const side = otherSide(target)
  const named = side === 'consumer_group' ? (group ?? rest[side]) : rest[side]
  return { ...sent, values: { ...rest, [side]: typeof named === 'string' ? { id: named } : named } }
}

function behind(membership: KongMembership, side: Side, state: KongState): Entity | undefined {
  return findEntity(state, listKinds[side], membership[side].id)
}

/** The membership that an address names by the consumer or the group at its end. */
export function findMembership(
  target: AdminTarget,
  memberships: readonly Entity[],
  state: KongState,
): Entity | undefined {
  const side = otherSide(target)
  const named = target.key === undefined ? undefined : findEntity(state, listKinds[side], target.key)
  return memberships.find((one) => one.id === target.key || (one[side] as { id?: string }).id === named?.id)
}

/** What a list of memberships shows: the consumers of a group, or the groups of a consumer. */
export function membersOf(target: AdminTarget, memberships: readonly Entity[], state: KongState): readonly Entity[] {
  if (!isMembership(target)) return memberships
  return memberships.flatMap((one) => behind(one as KongMembership, otherSide(target), state) ?? [])
}

/** The answer to a new membership: what it was added to, and what was added. */
export function membershipAnswer(target: AdminTarget, entity: Entity, state: KongState): unknown {
  if (!isMembership(target)) return entity
  const membership = entity as KongMembership
  const side = otherSide(target)
  const parent = side === 'consumer' ? 'consumer_group' : 'consumer'
  return { [parent]: behind(membership, parent, state), [listKinds[side]]: [behind(membership, side, state)] }
}
