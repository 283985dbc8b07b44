// Encrypted vectors: contributions of data owners and results of jobs.
import { AppError } from '@xinglin/core/errors'
import { contextPort, demandContext, entryFor } from './contexts.ts'
import { demandRoom, keepBytes } from './kept-bytes.ts'
import type { Asker, PrivacyParts } from './parts.ts'
import { demandBytes, demandRemover, maySee } from './rules.ts'
import { claimLoose, deleteVector, findVectors, insertVector, noteLoose } from './store/vector-store.ts'
import type { PrivateContext, PrivateVector } from './types.ts'
import { demandGiven } from './withheld.ts'

/** A vector as a data owner sends it. */
export interface NewVector {
  readonly contextId: string
  readonly bytes: Uint8Array
  readonly label: string
  readonly patient: string | undefined
}

/** A vector with its context. */
export interface Found {
  readonly vector: PrivateVector
  readonly context: PrivateContext
}

/** Ids of patients for the audit trail. */
export function patientsOf(vectors: readonly PrivateVector[]): readonly string[] {
  return [...new Set(vectors.flatMap(({ patient }) => patient ?? []))].slice(0, 100)
}

/** Takes a contribution in. @throws AppError 'unprocessable' when it is no vector of this context */
export async function createVector(parts: PrivacyParts, asker: Asker, given: NewVector): Promise<PrivateVector> {
  const { sql, audit, encrypted, ids, clock } = parts
  const { contextId, bytes, label, patient } = given
  const context = await demandContext(parts, contextId)
  await demandGiven(parts, asker.caller, context, [['this contribution', { patient }]])
  const facts = await encrypted.inspectVector(contextPort(parts, context), bytes, asker.signal)
  const owner = asker.caller.subject
  await demandRoom(parts, owner, bytes.length)
  const id = ids.uuid()
  const kept = await keepBytes(parts, `privacy/vectors/${id}`, bytes)
  const vector: PrivateVector = {
    ...{ id, contextId, owner, label, patient, jobId: undefined, output: undefined, createdAt: clock.now() },
    ...facts,
    ...kept,
  }
  await sql.transaction(async (tx) => {
    await insertVector(tx, vector)
    await claimLoose(tx, [kept.blob])
    const what = { action: 'C', interaction: 'private-vector', entities: [`PrivateVector/${id}`], status: 201 } as const
    await audit.append(tx, [entryFor(asker, { ...what, patients: patientsOf([vector]) })])
  })
  return vector
}

/** A vector that the caller may know of. @throws AppError 'not-found' */
export async function demandVector(parts: PrivacyParts, { caller }: Asker, id: string): Promise<Found> {
  const [vector] = await findVectors(parts.sql, [id])
  const context = vector === undefined ? undefined : await demandContext(parts, vector.contextId)
  if (vector !== undefined && context !== undefined && maySee(caller, vector, context)) return { vector, context }
  throw new AppError('not-found', 'There is no encrypted vector with this id')
}

/** The bytes of a vector for whom they belong to; the reading is in the trail. @throws AppError 'forbidden' */
export async function openVector(parts: PrivacyParts, asker: Asker, id: string) {
  const { vector, context } = await demandVector(parts, asker, id)
  demandBytes(asker.caller, vector, context)
  const stream = await parts.blobs.get(vector.blob)
  if (stream === undefined) throw new Error(`The blob of the vector ${id} is missing`)
  const interaction = vector.jobId === undefined ? 'private-vector' : 'private-result'
  const what = { action: 'R', interaction, entities: [`PrivateVector/${id}`], status: 200 } as const
  await parts.audit.record(entryFor(asker, { ...what, patients: patientsOf([vector]) }))
  return { vector, stream }
}

/** Removes a contribution or a result. @throws AppError 'forbidden' */
export async function removeVector(parts: PrivacyParts, asker: Asker, id: string): Promise<void> {
  const { vector, context } = await demandVector(parts, asker, id)
  demandRemover(asker.caller, vector, context)
  await parts.sql.transaction(async (tx) => {
    if (!(await deleteVector(tx, id))) throw new AppError('not-found', 'There is no encrypted vector with this id')
    await noteLoose(tx, [vector.blob])
    const what = { action: 'D', interaction: 'private-vector', entities: [`PrivateVector/${id}`], status: 204 } as const
    await parts.audit.append(tx, [entryFor(asker, { ...what, patients: patientsOf([vector]) })])
  })
}
