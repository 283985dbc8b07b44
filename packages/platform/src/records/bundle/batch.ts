// A batch Bundle: every entry on its own, in the standard's order, answered in the order of the request.
import { AppError } from '@xinglin/core/errors'
import { recordRead, recordRefusal } from '../audited.ts'
import type { RecordParts } from '../parts.ts'
import type { RecordContext } from '../types.ts'
import { createRecord, deleteRecord, patchRecord, type Target, updateRecord, type WriteAnswer } from '../writes.ts'
import { type AnswerRoom, createAnswerRoom } from './answer-room.ts'
import { type EntryMethod, methodOrder } from './entry.ts'
import { patchText } from './patch-entry.ts'
import type { BrokenEntry, LooseEntry } from './plan.ts'
import { readEntryTarget } from './read-entry.ts'
import {
  type EntryAnswer,
  type ReturnPreference,
  refusedEntryAnswer,
  writeEntryAnswer,
  writeResponse,
} from './response.ts'

const atOnce = 4

/** Carries out the batch and returns the response Bundle as text. */
export async function runBatch(
  parts: RecordParts,
  context: RecordContext,
  entries: readonly (LooseEntry | BrokenEntry)[],
  prefer: ReturnPreference,
): Promise<string> {
  const answers: EntryAnswer[] = Array.from({ length: entries.length }, () => ({ status: 500 }))
  for (const entry of entries) {
    if ('message' in entry) answers[entry.index] = { status: 400, issues: entry.issues }
  }
  const whole = entries.filter((entry) => 'method' in entry)
  const room = createAnswerRoom()
  for (const methods of [['DELETE'], ['POST'], ['PUT', 'PATCH'], ['GET', 'HEAD']] satisfies EntryMethod[][]) {
    const group = whole.filter((entry) => (methods as readonly EntryMethod[]).includes(entry.method))
    await eachOf(group, async (entry) => {
      answers[entry.index] = room.keep(await answerTo(entry, { parts, context, prefer, room }))
    })
  }
  return writeResponse('batch-response', answers)
}

async function eachOf(entries: readonly LooseEntry[], work: (entry: LooseEntry) => Promise<void>): Promise<void> {
  const rest = entries.values()
  await Promise.all(
    Array.from({ length: Math.min(atOnce, entries.length) }, async () => {
      for (const entry of rest) await work(entry)
    }),
  )
}

interface Scene {
  readonly parts: RecordParts
  readonly context: RecordContext
  readonly prefer: ReturnPreference
  readonly room: AnswerRoom
}

async function answerTo(entry: LooseEntry, { parts, context, prefer, room }: Scene): Promise<EntryAnswer> {
  try {
    context.deadline.throwIfAborted()
    if (entry.method === 'GET' || entry.method === 'HEAD') {
      room.demand()
      return await read(entry, parts, context)
    }
    return writeEntryAnswer(await write(entry, parts, context), prefer)
  } catch (error) {
    return refusedEntryAnswer(error, context.traceId)
  }
}

async function read(entry: LooseEntry, parts: RecordParts, context: RecordContext): Promise<EntryAnswer> {
  const access = { action: 'R', interaction: 'batch', query: entry.url } as const
  const outcome = await recordRefusal(parts.audit, context, access, () =>
    readEntryTarget(entry, context, parts, parts.sql),
  )
  const { interaction, entities, patients } = outcome
  await recordRead(parts.audit, context, { ...access, interaction, entities, patients })
  return outcome.answer
}

async function write(entry: LooseEntry, parts: RecordParts, context: RecordContext): Promise<WriteAnswer> {
  const { method, type, id, criteria, body = '', ifMatch, ifNoneMatch } = entry
  const demands = { ifMatch, ifNoneMatch }
  if (method === 'POST') return await createRecord(parts, context, { type, content: body }, criteria)
  const target: Target = id === undefined ? { type, criteria: criteria ?? '' } : { type, id }
  switch (method) {
    case 'PUT':
      return await updateRecord(parts, context, { target, content: body }, demands)
    case 'PATCH':
      return await patchRecord(parts, context, { target, patch: patchText(body, entry.index) }, demands)
    case 'DELETE':
      return await deleteRecord(parts, context, target, demands)
    default:
      throw new AppError('invalid-request', `${methodOrder.join(', ')} are the methods of a Bundle`)
  }
}
