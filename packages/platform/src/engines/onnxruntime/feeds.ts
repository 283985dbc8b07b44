// Checks what a run is given, before it reaches the child (pure).
import { AppError } from '@xinglin/core/errors'
import type { NamedTensors } from '../../kernel/ports.ts'
import { elementCount } from '../../kernel/tensors.ts'
import type { Opened } from './connection.ts'

const maxRank = 16

function refuse(message: string): never {
  throw new AppError('unprocessable', message)
}

function checkShape(name: string, shape: readonly number[], length: number): void {
  if (shape.length > maxRank || shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    refuse(`The shape of ${name} must be of at most ${maxRank} whole numbers that are not negative`)
  }
  if (elementCount(shape) !== length) {
    refuse(`${name} of shape [${shape.join(',')}] takes ${elementCount(shape)} elements, not ${length}`)
  }
}

/** Refuses inputs that are missing, unknown, of another type, or not as long as their shape. @throws AppError 'unprocessable' */
export function checkFeeds(feeds: NamedTensors, { inputNames, inputTypes }: Opened): void {
  const missing = inputNames.filter((name) => !Object.hasOwn(feeds, name))
  if (missing.length > 0) refuse(`The inputs ${missing.join(', ')} are missing`)
  for (const [name, { datatype, shape, data }] of Object.entries(feeds)) {
    if (!inputNames.includes(name)) refuse(`The graph has no input ${name}; it has ${inputNames.join(', ')}`)
    if (inputTypes[name] !== datatype) refuse(`${name} must be ${inputTypes[name]}, not ${datatype}`)
    checkShape(name, shape, data.length)
  }
}

/** Refuses outputs that the graph does not have. @throws AppError 'unprocessable' */
export function checkOutputs(outputs: readonly string[], { outputNames }: Opened): void {
  const unknown = outputs.find((name) => !outputNames.includes(name))
  if (unknown !== undefined) refuse(`The graph has no output ${unknown}; it has ${outputNames.join(', ')}`)
}
