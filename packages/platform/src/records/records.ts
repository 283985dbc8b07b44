// Composes the record store of its parts and shows what can be done with it.
import type { Issue } from '@xinglin/core/errors'
import { resourceTypes } from '@xinglin/core/fhir/search'
import { recordRefusal } from './audited.ts'
import { runBatch } from './bundle/batch.ts'
import type { ReturnPreference } from './bundle/response.ts'
import { runTransaction } from './bundle/transaction.ts'
import { partsOf, type RecordsOptions } from './options.ts'
import type { Content } from './prepare/preparer.ts'
import {
  auditedHistory,
  auditedRead,
  type HistoryScope,
  type QueryPairs,
  readRecord,
  readRecordVersion,
} from './reads.ts'
import type { RecordContext, StoredVersion } from './types.ts'
import { validateContent } from './validate.ts'
import {
  createRecord,
  type Demands,
  deleteRecord,
  patchRecord,
  type Target,
  updateRecord,
  type WriteAnswer,
} from './writes.ts'

/** A version whose content is there. */
export type PresentVersion = StoredVersion & { readonly content: string }

/** The record store. Every method leaves its audit entry before it resolves or rejects, and throws AppError for expected outcomes. */
export interface Records {
  read(context: RecordContext, type: string, id: string): Promise<PresentVersion>
  vread(
    context: RecordContext,
    address: { readonly type: string; readonly id: string; readonly version: string },
  ): Promise<PresentVersion>
  /** A page of a history as Bundle text. */
  history(context: RecordContext, scope: HistoryScope, pairs: QueryPairs): Promise<string>
  create(
    context: RecordContext,
    body: { readonly type: string; readonly content: Content },
    ifNoneExist?: string,
  ): Promise<WriteAnswer>
  update(
    context: RecordContext,
    body: { readonly target: Target; readonly content: Content },
    demands?: Demands,
  ): Promise<WriteAnswer>
  /** Applies a JSON Patch given as text. */
  patch(
    context: RecordContext,
    change: { readonly target: Target; readonly patch: string },
    demands?: Demands,
  ): Promise<WriteAnswer>
  delete(context: RecordContext, target: Target, demands?: Demands): Promise<WriteAnswer>
  /** Carries out a batch or transaction Bundle given as text; returns the response Bundle as text. */
  bundle(context: RecordContext, text: string, prefer?: ReturnPreference): Promise<string>
  /** All findings about a resource that is not stored. */
  validate(context: RecordContext, type: string, text: string): Promise<readonly Issue[]>
  /** Every type that can be stored. */
  readonly types: readonly string[]
}

/** Creates the record store. */
export function createRecords(options: RecordsOptions): Records {
  const parts = partsOf(options)
  const { sql, audit } = parts
  return {
    types: resourceTypes,
    read: (context, type, id) =>
      auditedRead(parts, context, { interaction: 'read', entity: `${type}/${id}` }, () =>
        readRecord(sql, context, type, id),
      ),
    vread: (context, address) => {
      const entity = `${address.type}/${address.id}/_history/${address.version}`
      return auditedRead(parts, context, { interaction: 'vread', entity }, () =>
        readRecordVersion(sql, context, address),
      )
    },
    history: (context, scope, pairs) => auditedHistory(parts, context, scope, pairs),
    create: (context, body, ifNoneExist) => createRecord(parts, context, body, ifNoneExist),
    update: (context, body, demands) => updateRecord(parts, context, body, demands),
    patch: (context, change, demands) => patchRecord(parts, context, change, demands),
    delete: (context, target, demands) => deleteRecord(parts, context, target, demands),
    bundle: async (context, text, prefer = 'minimal') => {
      const access = { action: 'E', interaction: 'transaction' } as const
      return await recordRefusal(audit, context, access, async () => {
        const plan = await parts.preparer.bundle(text, context)
        if (plan.kind === 'batch') return await runBatch(parts, context, plan.entries, prefer)
        return await runTransaction(parts, context, { text, plan, prefer })
      })
    },
    validate: (context, type, text) => validateContent(parts, context, { type, text }),
  }
}
