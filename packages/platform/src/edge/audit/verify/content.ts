// Compares what an event says with what its seal commits to, and its search keys with what it says.
import { isSameHash } from '@xinglin/core/merkle'
import { commitmentOf, nothingCommitted } from '../seal/sealed-record.ts'
import { keysOf, type Payload } from '../trail/payload.ts'
import type { Fault } from './report.ts'
import type { SealedRow } from './trail-store.ts'

/** Whether the event was erased: payload and salt are gone, the commitment stays. */
export function isErased(row: SealedRow): boolean {
  return row.payload === null && row.salt === null && row.recordedUs !== null
}

/** A stored text as an entry; undefined when it is none. */
export function parsePayload(text: string): Payload | undefined {
  try {
    return JSON.parse(text) as Payload // whoever uses it checks what it relies on
  } catch {
    return undefined // somebody else wrote it
  }
}

// A rewritten trail may commit to anything.
function keysFor(text: string): readonly number[] | undefined {
  try {
    return keysOf(JSON.parse(text) as Payload)
  } catch {
    return undefined
  }
}

function isSameList(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at])
}

/** What does not fit in an event whose seal is intact. */
export function contentFault(row: SealedRow): readonly Fault[] {
  const { seq, eventId, payload, salt, keys } = row
  const changed = (detail: string): readonly Fault[] => [{ kind: 'changed', seq, eventId, detail }]
  if (isErased(row)) {
    if (isSameHash(row.commitment, nothingCommitted))
      return changed('its content was removed before it could be sealed')
    if (keys?.length === 0) return []
    return [{ kind: 'index-changed', seq, eventId, detail: 'the event was erased but its search keys were not' }]
  }
  if (payload === null || salt === null) return changed('a part of its content was removed')
  if (!isSameHash(commitmentOf(salt, payload), row.commitment)) return changed('its content was changed')
  const wanted = keysFor(payload)
  if (wanted === undefined) return changed('its content is not an entry of the trail')
  if (isSameList(keys ?? [], wanted)) return []
  return [{ kind: 'index-changed', seq, eventId, detail: 'its search keys were changed, so that searches miss it' }]
}
