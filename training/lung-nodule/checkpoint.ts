// Where a training run stands, in one file that is whole at any time: written beside, brought to disk, then renamed.
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import type { TrainingState } from '@xinglin/core/learn'

/** One line of a run's history. */
export interface Milestone {
  readonly step: number
  /** Mean loss of the steps since the last one. */
  readonly loss: number
  /** Mean Dice on the held-out training patients. */
  readonly heldOutDice: number
  readonly seconds: number
}

/** What is kept of a run. */
export interface Checkpoint {
  /** What must be the same to go on: data, model, seed. */
  readonly recipe: string
  readonly history: readonly Milestone[]
  /** Time spent so far. */
  readonly seconds: number
  readonly state: TrainingState
}

const headBytes = 4

/** Writes a checkpoint; `kill -9` at any moment leaves the one before or this one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, ...rest } = checkpoint
  const vectors = [state.weights, state.first, state.second]
  const sizes = vectors.map(({ length }) => length)
  const head = Buffer.from(JSON.stringify({ ...rest, step: state.step, sizes }))
  const length = Buffer.alloc(headBytes)
  length.writeUInt32LE(head.length)
  const bytes = vectors.map((vector) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
  await mkdir(dirname(path), { recursive: true })
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writev([length, head, ...bytes])
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/**
 * Reads a checkpoint; undefined when there is none.
 * @throws AppError 'conflict' when it is of another recipe
 */
export async function readCheckpoint(path: string, recipe: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const length = bytes.readUInt32LE(0)
  const head = JSON.parse(bytes.toString('utf8', headBytes, headBytes + length)) as Omit<Checkpoint, 'state'> & {
    readonly step: number
    readonly sizes: readonly number[]
  }
  if (head.recipe !== recipe) {
    throw new AppError('conflict', `${path} belongs to another recipe (${head.recipe}): use --fresh, or another folder`)
  }
  let at = headBytes + length
  const vectors = head.sizes.map((size) => {
    const copy = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size)
    at += 4 * size
    return new Float32Array(copy)
  })
  const [weights = new Float32Array(), first = new Float32Array(), second = new Float32Array()] = vectors
  const { recipe: of, history, seconds, step } = head
  return { recipe: of, history, seconds, state: { weights, first, second, step } }
}
