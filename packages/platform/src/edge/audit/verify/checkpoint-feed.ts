// Hands out the signed checkpoints in their order: those of the file, then those that only the database has.
import type { KeyObject } from 'node:crypto'
import type { Queryable } from '../../../kernel/sql.ts'
import { type Checkpoint, isSigned, parseLine } from '../checkpoints/checkpoint.ts'
import {
  checkpointFileEnd,
  checkpointFileName,
  type FileEnd,
  readCheckpointFile,
} from '../checkpoints/checkpoint-file.ts'
import { readPublicKey } from '../checkpoints/signing-key.ts'
import type { Fault } from './report.ts'
import { checkpointLines, newestNumber } from './trail-store.ts'

/** The next checkpoint, or what is wrong with one. */
export type FeedItem = { readonly checkpoint: Checkpoint } | { readonly fault: Fault } | { readonly warning: string }

/** Where checkpoints come from, looked up in the order in which they are written: the database never has one before the file. */
export interface CheckpointSource {
  readonly folder: string
  readonly publicKey: KeyObject | undefined
  readonly newestStored: number
  readonly end: FileEnd
}

const perPage = 500

/** Looks where the checkpoints end now; must come before the state of the trail is read. */
export async function openCheckpoints(sql: Queryable, folder: string): Promise<CheckpointSource> {
  const publicKey = await readPublicKey(folder)
  const newestStored = await newestNumber(sql)
  return { folder, publicKey, newestStored, end: await checkpointFileEnd(folder) }
}

const changed = (detail: string): FeedItem => ({ fault: { kind: 'checkpoint-changed', detail } })

interface Expectation {
  number: number
  size: number
  readonly trail: string
  readonly publicKey: KeyObject
}

function examine(checkpoint: Checkpoint | undefined, where: string, expected: Expectation): readonly FeedItem[] {
  if (checkpoint === undefined) {
    expected.number += 1 // the next one still counts on
    return [changed(`${where} is not a checkpoint as it was written`)]
  }
  const missing = checkpoint.number - expected.number
  expected.number = checkpoint.number + 1
  if (!isSigned(checkpoint, expected.publicKey))
    return [changed(`${where} does not bear the signature of the trail’s key`)]
  if (checkpoint.trail !== expected.trail) {
    const detail = `${where} belongs to another trail; the database or the folder was exchanged`
    return [{ fault: { kind: 'other-trail', detail } }]
  }
  const lost: readonly FeedItem[] =
    missing === 0
      ? []
      : [
          {
            fault: {
              kind: 'checkpoint-missing',
              detail: `before ${where} checkpoints were removed or put in (${missing})`,
            },
          },
        ]
  if (checkpoint.size < expected.size) return [...lost, changed(`${where} is out of order`)]
  expected.size = checkpoint.size
  return [...lost, { checkpoint }]
}

async function* storedOnly(sql: Queryable, source: CheckpointSource, expected: Expectation): AsyncGenerator<FeedItem> {
  for (;;) {
    const range = { after: expected.number - 1, upTo: source.newestStored, limit: perPage }
    const rows = await checkpointLines(sql, range)
    for (const { number, line } of rows) {
      yield* examine(parseLine(line), `checkpoint ${number} in the database`, expected)
      expected.number = number + 1
    }
    if (rows.length < perPage) return
  }
}

/** The checkpoints of a trail in ascending order of their sizes. */
export async function* feedCheckpoints(
  sql: Queryable,
  source: CheckpointSource,
  trail: string,
): AsyncGenerator<FeedItem> {
  const { folder, publicKey, newestStored, end } = source
  if (publicKey === undefined) {
    const detail = 'the public key of the trail is missing from its folder, but the database knows of checkpoints'
    if (newestStored >= 0) yield { fault: { kind: 'checkpoint-missing', detail } }
    return
  }
  const expected: Expectation = { number: 0, size: 0, trail, publicKey }
  for await (const { line, checkpoint } of readCheckpointFile(folder, end)) {
    yield* examine(checkpoint, `line ${line} of ${checkpointFileName}`, expected)
  }
  if (end.isTorn)
    yield { warning: `The last line of ${checkpointFileName} was cut short by a crash; it will be dropped.` }
  if (newestStored < expected.number) return
  const lack = newestStored - expected.number + 1
  yield {
    warning: `${checkpointFileName} lacks the last ${lack} checkpoint(s) that the database holds, as after a restore; their signatures were checked instead.`,
  }
  yield* storedOnly(sql, source, expected)
}
