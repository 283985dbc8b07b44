// Writing single records: create, update, patch, delete, and their conditional forms.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Tx } from '../kernel/sql.ts'
import { type Access, recordRefusal } from './audited.ts'
import { idPattern } from './bundle/entry.ts'
import { decideCondition, lockConditions } from './conditions.ts'
import type { RecordParts } from './parts.ts'
import { parseResource, restoreDecimals } from './prepare/parse-body.ts'
import type { Content } from './prepare/preparer.ts'
import type { Prepared } from './prepare/types.ts'
import { readRecord } from './reads.ts'
import type { RecordContext, StoredVersion } from './types.ts'
import { commitChanges } from './write/commit.ts'
import { inTransaction } from './write/in-transaction.ts'
import { parsePatch } from './write/patch.ts'
import type { Pending } from './write/pending.ts'
import { requireWritable } from './write/permission.ts'

/** Which record: by id, or the one that matches a search. */
export type Target =
  | { readonly type: string; readonly id: string }
  | { readonly type: string; readonly criteria: string }

/** What a client demands of the current version. */
export interface Demands {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** The answer to a write. */
export interface WriteAnswer {
  /** `existing`: a conditional create found one, or an update is what is there already; `unchanged`: there was nothing to delete. */
  readonly outcome: 'created' | 'updated' | 'deleted' | 'existing' | 'unchanged'
  readonly version: StoredVersion | undefined
  /** Findings that did not refuse. */
  readonly warnings: readonly Issue[]
}

const noDemands = { ifMatch: undefined, ifNoneMatch: undefined, patch: undefined, index: undefined, ordinal: 0 }

/** Creates a record with a new id; with a condition only when nothing matches. */
export async function createRecord(
  parts: RecordParts,
  context: RecordContext,
  body: { readonly type: string; readonly content: Content },
  ifNoneExist?: string,
): Promise<WriteAnswer> {
  const { type, content } = body
  const access = { action: 'C', interaction: 'create', entities: [type] } as const
  return await recordRefusal(parts.audit, context, access, async () => {
    requireKnownType(parts, type)
    requireWritable(context.access, type, 'create')
    const prepared = await parts.preparer.record(
      content,
      { type, id: null, baseUrl: context.baseUrl },
      context.deadline,
    )
    const id = prepared.records[0]?.id ?? ''
    const pending: Pending = { ...noDemands, method: 'POST', type, id, prepared, isFresh: true }
    return await inTransaction(parts.sql, parts.transactionMs, async (tx) => {
      if (ifNoneExist !== undefined) {
        const match = await matchOf(tx, { type, criteria: ifNoneExist }, context, parts)
        if (match !== undefined) return await existing(tx, parts, context, { type, id: match })
      }
      return await commitOne(tx, pending, { ...context, interaction: 'create' }, parts)
    })
  })
}

async function existing(
  tx: Tx,
  parts: RecordParts,
  context: RecordContext,
  address: { readonly type: string; readonly id: string },
): Promise<WriteAnswer> {
  const version = await readRecord(tx, context, address.type, address.id)
  const entities = [`${version.type}/${version.id}/_history/${version.version}`]
  const { caller, traceId } = context
  const { patients } = version
  const entry = { caller, traceId, entities, patients, action: 'R', interaction: 'create', outcome: 'success' } as const
  await parts.audit.append(tx, [entry])
  return { outcome: 'existing', version, warnings: [] }
}

/** Replaces a record, or creates it under the given id; by condition the one match, or a new one. */
export async function updateRecord(
  parts: RecordParts,
  context: RecordContext,
  body: { readonly target: Target; readonly content: Content },
  demands: Demands = {},
): Promise<WriteAnswer> {
  const { target, content } = body
  const { type } = target
  return await recordRefusal(parts.audit, context, accessOf('U', 'update', target), async () => {
    requireKnownType(parts, type)
    const put = (prepared: Prepared): Pending => {
      const id = prepared.records[0]?.id ?? ''
      return { ...noDemands, method: 'PUT', type, id, prepared, isFresh: false, ...demanded(demands) }
    }
    const audited = { ...context, interaction: 'update' }
    if ('id' in target) {
      requireId(target.id)
      const prepared = await parts.preparer.record(
        content,
        { type, id: target.id, baseUrl: context.baseUrl },
        context.deadline,
      )
      return await inTransaction(parts.sql, parts.transactionMs, (tx) => commitOne(tx, put(prepared), audited, parts))
    }
    const { value: resource, decimals } =
      typeof content === 'string' ? parseResource(content) : { value: content, decimals: [] }
    restoreDecimals(decimals) // id and type are read from here on, nothing else
    return await inTransaction(parts.sql, parts.transactionMs, async (tx) => {
      const match = await matchOf(tx, target, context, parts)
      const given = resource.id
      if (match !== undefined && given !== undefined && given !== match) {
        throw new AppError('invalid-request', `The condition matches ${type}/${match}, but the body has another id`)
      }
      const id = match ?? given ?? parts.newId()
      requireId(id)
      const text = JSON.stringify({ ...resource, id })
      const prepared = await parts.preparer.record(text, { type, id, baseUrl: context.baseUrl }, context.deadline)
      return await commitOne(tx, put(prepared), audited, parts)
    })
  })
}

/** Applies a JSON Patch (RFC 6902, as text). */
export async function patchRecord(
  parts: RecordParts,
  context: RecordContext,
  change: { readonly target: Target; readonly patch: string },
  demands: Demands = {},
): Promise<WriteAnswer> {
  const { target } = change
  return await recordRefusal(parts.audit, context, accessOf('U', 'patch', target), async () => {
    requireKnownType(parts, target.type)
    const patch = parsePatch(change.patch)
    return await inTransaction(parts.sql, parts.transactionMs, async (tx) => {
      const id = 'id' in target ? target.id : await matchOf(tx, target, context, parts)
      if (id === undefined)
        throw new AppError('not-found', 'No record matches the condition, so there is nothing to patch')
      requireId(id)
      const common = {
        ...noDemands,
        method: 'PATCH',
        type: target.type,
        id,
        prepared: undefined,
        isFresh: false,
      } as const
      return await commitOne(
        tx,
        { ...common, ...demanded(demands), patch },
        { ...context, interaction: 'patch' },
        parts,
      )
    })
  })
}

/** Deletes a record; deleting what is not there is no error. */
export async function deleteRecord(
  parts: RecordParts,
  context: RecordContext,
  target: Target,
  demands: Demands = {},
): Promise<WriteAnswer> {
  return await recordRefusal(parts.audit, context, accessOf('D', 'delete', target), async () => {
    requireKnownType(parts, target.type)
    requireWritable(context.access, target.type, 'delete')
    return await inTransaction(parts.sql, parts.transactionMs, async (tx) => {
      const id = 'id' in target ? target.id : await matchOf(tx, target, context, parts)
      if (id === undefined) return { outcome: 'unchanged', version: undefined, warnings: [] }
      requireId(id)
      const common = {
        ...noDemands,
        method: 'DELETE',
        type: target.type,
        id,
        prepared: undefined,
        isFresh: false,
      } as const
      return await commitOne(tx, { ...common, ...demanded(demands) }, { ...context, interaction: 'delete' }, parts)
    })
  })
}

async function matchOf(
  tx: Tx,
  condition: { readonly type: string; readonly criteria: string },
  context: RecordContext,
  parts: RecordParts,
): Promise<string | undefined> {
  await lockConditions(tx, [condition], context.baseUrl)
  return await decideCondition(tx, condition, { context, findMatches: parts.findMatches })
}

async function commitOne(
  tx: Tx,
  pending: Pending,
  context: RecordContext & { readonly interaction: string },
  parts: RecordParts,
): Promise<WriteAnswer> {
  const { written, warnings } = await commitChanges(tx, [pending], context, parts.commit)
  const [one] = written
  if (one === undefined) throw new Error('A commit of one change reported none')
  return { ...one, warnings: [...(pending.prepared?.warnings ?? []), ...warnings] }
}

function demanded(demands: Demands) {
  return { ifMatch: demands.ifMatch, ifNoneMatch: demands.ifNoneMatch }
}

function accessOf(action: 'U' | 'D', interaction: string, target: Target): Access {
  if ('id' in target) return { action, interaction, entities: [`${target.type}/${target.id}`] }
  return { action, interaction, entities: [target.type], query: `${target.type}?${target.criteria}` }
}

function requireId(id: string): void {
  if (idPattern.test(id)) return
  throw new AppError('invalid-request', 'An id has 1 to 64 letters, digits, hyphens and dots')
}

function requireKnownType(parts: RecordParts, type: string): void {
  if (parts.types.has(type)) return
  throw new AppError('not-found', `${JSON.stringify(type.slice(0, 64))} is not a resource type of FHIR R4`)
}
