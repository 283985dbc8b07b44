// The change as write rules see it.
import type { Resource } from '@xinglin/core/fhir'
import { resourceOf } from '../prepare/prepare-record.ts'
import type { Change } from '../types.ts'
import type { Decided } from './changes.ts'

/** Describes a decided change; contents are parsed when a rule looks, for most changes have no rule. */
export function changeOf(one: Decided, now: Date): Change {
  const { pending, kind, head, record } = one
  const parsed: { before?: Resource; after?: Resource } = {}
  return {
    kind,
    type: pending.type,
    id: pending.id,
    isRevival: kind === 'create' && head?.deleted === true,
    now,
    get before(): Resource | undefined {
      if (kind === 'create' || head?.content === null || head === undefined) return undefined
      parsed.before ??= JSON.parse(head.content) as Resource
      return parsed.before
    },
    get after(): Resource | undefined {
      if (record === undefined) return undefined
      parsed.after ??= resourceOf(record)
      return parsed.after
    },
  }
}
