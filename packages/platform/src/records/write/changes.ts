// Turns pending changes into versions: preconditions, permission, version numbers and contents, against locked heads.
import { AppError } from '@xinglin/core/errors'
import { contentOf } from '../prepare/prepare-record.ts'
import type { Preparer } from '../prepare/preparer.ts'
import type { Prepared, PreparedRecord } from '../prepare/types.ts'
import { type Head, keyOf } from '../store/heads.ts'
import type { Change, RecordContext } from '../types.ts'
import type { Pending } from './pending.ts'
import { requireReadable, requireWithin, requireWritable } from './permission.ts'
import { checkPrecondition } from './precondition.ts'

/** A change that has passed everything but the write rules. */
export interface Decided {
  readonly pending: Pending
  readonly head: Head | undefined
  readonly kind: Change['kind']
  readonly version: number
  readonly at: Date
  /** Undefined for a deletion. */
  readonly record: PreparedRecord | undefined
  readonly prepared: Prepared | undefined
  readonly ordinal: number
  readonly content: string | null
}

/** What changes are decided with. */
export interface DecideOptions {
  readonly preparer: Pick<Preparer, 'patch'>
  readonly context: RecordContext
  readonly now: Date
}

/**
 * Decides one change; undefined when there is nothing to do (a delete of what is not there). What the caller may not see
 * does not exist for the caller: every answer is that for an unknown id, but its id cannot be taken.
 */
export async function decide(
  pending: Pending,
  locked: Head | undefined,
  options: DecideOptions,
): Promise<Decided | undefined> {
  const { context } = options
  const key = keyOf(pending)
  const head = locked?.visible === true ? locked : undefined
  const isThere = head?.deleted === false
  const verb = pending.method === 'DELETE' ? 'delete' : isThere || pending.method === 'PATCH' ? 'update' : 'create'
  requireWritable(context.access, pending.type, verb)
  if (pending.method === 'PATCH') requireReadable(context.access, pending.type)
  const current = head === undefined || head.deleted ? undefined : head
  checkPrecondition(key, current?.ver, pending)
  // The times of one record's versions rise strictly, so that they order its history.
  const at = new Date(Math.max(options.now.getTime(), (head?.at.getTime() ?? -1) + 1))
  const common = { pending, head, version: (head?.ver ?? 0) + 1, at }
  if (current !== undefined) requireWithin(context.access, key, placeOf(current))
  if (pending.method === 'DELETE') {
    if (current === undefined) return undefined
    return { ...common, kind: 'delete', record: undefined, prepared: undefined, ordinal: -1, content: null }
  }
  const { prepared, ordinal } = pending.patch === undefined ? pending : await patched(pending, current, options)
  const record = prepared?.records[ordinal]
  if (record === undefined || prepared === undefined) throw new Error(`${key} was not prepared`)
  requireWithin(context.access, key, record)
  if (locked !== head) throw new AppError('forbidden', `You may not write ${key}`)
  const content = contentOf(record, common.version, at)
  return { ...common, kind: current === undefined ? 'create' : 'update', record, prepared, ordinal, content }
}

function placeOf(head: Head) {
  return { patients: head.pats ?? (head.pat === null ? [] : [head.pat]), labels: head.lbl ?? [] }
}

async function patched({ patch = [], type, id }: Pending, head: Head | undefined, options: DecideOptions) {
  if (head === undefined || head.content === null)
    throw new AppError('not-found', `${type}/${id} is not known here, so it cannot be patched`)
  const { baseUrl, deadline } = options.context
  const change = { target: { type, id, baseUrl }, operations: patch }
  return { prepared: await options.preparer.patch(head.content, change, deadline), ordinal: 0 }
}
