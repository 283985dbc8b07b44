// Public contexts: checked in the computing process, kept without any secret key, replaced and removed by their owner.
import { createHash } from 'node:crypto'
import { readTensealContext } from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import type { AuditEntry } from '../../kernel/ports.ts'
import { demandRoom, keepBytes, readBytes } from './kept-bytes.ts'
import type { Asker, PrivacyParts } from './parts.ts'
import { demandOwner } from './rules.ts'
import { deleteContext, findContext, insertContext, replaceContextBytes } from './store/context-store.ts'
import { claimLoose, noteLoose } from './store/vector-store.ts'
import type { PrivateContext } from './types.ts'

/** A context as its owner sends it. */
export interface NewContext {
  readonly bytes: Uint8Array
  readonly label: string
  readonly minContributors: number
}

/** An entry of the audit trail about a context, a vector or a job. */
export function entryFor(
  { caller, traceId }: Asker,
  what: Pick<AuditEntry, 'action' | 'interaction' | 'entities'> & Partial<AuditEntry>,
): AuditEntry {
  return { caller, traceId, outcome: 'success', ...what }
}

// Parameters and public key: evaluation keys may be replaced, these never.
function hashOf(bytes: Uint8Array): string {
  const { encryptionParameters, publicKey } = readTensealContext(bytes)
  return createHash('sha256')
    .update(encryptionParameters)
    .update(publicKey ?? new Uint8Array())
    .digest('hex')
}

/** The context. @throws AppError 'not-found' */
export async function demandContext({ sql }: Pick<PrivacyParts, 'sql'>, id: string): Promise<PrivateContext> {
  const context = await findContext(sql, id)
  if (context !== undefined) return context
  throw new AppError('not-found', 'There is no encrypted context with this id')
}

/** The context as the computing process asks for it. */
export function contextPort(parts: PrivacyParts, { blob }: Pick<PrivateContext, 'blob'>) {
  return { key: blob, read: () => readBytes(parts, blob) }
}

/**
 * Takes a context in.
 * @throws AppError 'unprocessable' when it carries a secret key, is not secure, lacks a public key, or is no context at all
 */
export async function createContext(parts: PrivacyParts, asker: Asker, given: NewContext): Promise<PrivateContext> {
  const { sql, audit, encrypted, ids, clock } = parts
  const { bytes, label, minContributors } = given
  const facts = await encrypted.inspectContext(bytes, asker.signal)
  if (!facts.hasPublicKey) throw new AppError('unprocessable', 'The context has no public key to encrypt with')
  const owner = asker.caller.subject
  await demandRoom(parts, owner, bytes.length)
  const id = ids.uuid()
  const kept = await keepBytes(parts, `privacy/contexts/${id}`, bytes)
  const context: PrivateContext = { id, owner, label, minContributors, facts, createdAt: clock.now(), ...kept }
  await sql.transaction(async (tx) => {
    await insertContext(tx, context, hashOf(bytes))
    await claimLoose(tx, [kept.blob])
    const entities = [`PrivateContext/${id}`]
    await audit.append(tx, [entryFor(asker, { action: 'C', interaction: 'private-context', entities, status: 201 })])
  })
  return context
}

/**
 * Gives a context other evaluation keys (relinearisation, rotations).
 * @throws AppError 'conflict' when parameters or public key are others
 */
export async function replaceKeys(
  parts: PrivacyParts,
  asker: Asker,
  { id, bytes }: { readonly id: string; readonly bytes: Uint8Array },
): Promise<PrivateContext> {
  const { sql, audit, encrypted, ids } = parts
  const context = await demandContext(parts, id)
  demandOwner(asker.caller, context)
  const facts = await encrypted.inspectContext(bytes, asker.signal)
  await demandRoom(parts, context.owner, bytes.length)
  const kept = await keepBytes(parts, `privacy/contexts/${id}-${ids.uuid()}`, bytes)
  const replaced = { ...context, facts, ...kept }
  await sql.transaction(async (tx) => {
    const old = await replaceContextBytes(tx, replaced, hashOf(bytes))
    if (old === undefined) {
      throw new AppError(
        'conflict',
        'These keys belong to other parameters or another public key; make a new context for them',
      )
    }
    await noteLoose(tx, [old])
    await claimLoose(tx, [kept.blob])
    const entities = [`PrivateContext/${id}`]
    await audit.append(tx, [entryFor(asker, { action: 'U', interaction: 'private-context', entities, status: 200 })])
  })
  return replaced
}

/** Removes a context with its vectors and jobs. @throws AppError 'forbidden' unless the caller made it */
export async function removeContext(parts: PrivacyParts, asker: Asker, id: string): Promise<void> {
  const { sql, audit } = parts
  demandOwner(asker.caller, await demandContext(parts, id))
  await sql.transaction(async (tx) => {
    await noteLoose(tx, await deleteContext(tx, id))
    const entities = [`PrivateContext/${id}`]
    await audit.append(tx, [entryFor(asker, { action: 'D', interaction: 'private-context', entities, status: 204 })])
  })
}
