// A served model as a function over rows: one input, one output, as many rows at a time as the model takes.
import { AppError } from '@xinglin/core/errors'
import type { Predict, Rows } from '@xinglin/core/explain'
import type { ModelMetadata, Models, Tensor, TensorMetadata } from '../../kernel/ports.ts'

/** Which model, and which of its outputs. */
export interface ModelChoice {
  readonly model: string
  readonly version?: string
  readonly output?: string
}

/** A model that can be explained. */
export interface ServedModel {
  readonly name: string
  readonly version: string | undefined
  readonly input: TensorMetadata
  readonly output: TensorMetadata
  /** Shape of one row, without the batch. */
  readonly rowShape: readonly number[]
  /** Empty rows of the input's element type. */
  rows(count: number): Rows
  readonly predict: Predict
}

/** How requests are sent. */
export interface ServedModelOptions {
  /** Most rows in one request. */
  readonly batchRows: number
  readonly signal?: AbortSignal
}

const maxOutputs = 64
const maxFeatures = 100_000

function chooseOutput({ name, outputs }: ModelMetadata, wanted: string | undefined): TensorMetadata {
  const [first] = outputs
  const found = wanted === undefined ? first : outputs.find((output) => output.name === wanted)
  if (found !== undefined && /^FP(32|64)$/.test(found.datatype)) return found
  const names = outputs.map((output) => `${output.name} (${output.datatype})`).join(', ')
  throw new AppError('unprocessable', `${name} has no such output of real numbers; it has ${names}`)
}

function chooseInput({ name, inputs }: ModelMetadata): TensorMetadata {
  const [input, ...others] = inputs
  if (input === undefined || others.length > 0) {
    throw new AppError('unprocessable', `${name} takes ${inputs.length} inputs; models with one input are explained`)
  }
  if (/^FP(32|64)$/.test(input.datatype)) return input
  throw new AppError('unprocessable', `${name} takes ${input.datatype}; models of FP32 or FP64 are explained`)
}

// The first dimension is the batch; all others must be known.
function rowShapeOf(name: string, { shape }: TensorMetadata): readonly number[] {
  const rowShape = shape.slice(1)
  const features = rowShape.reduce((product, size) => product * size, 1)
  if (rowShape.length > 0 && rowShape.every((size) => size > 0) && features <= maxFeatures) return rowShape
  throw new AppError('unprocessable', `${name} takes [${shape.join(', ')}]; rows of a fixed shape are explained`)
}

function numbersOf(name: string, tensor: Tensor | undefined, count: number): Float32Array | Float64Array {
  const data = tensor?.data
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new AppError('bad-gateway', `${name} did not answer with real numbers`)
  }
  if (data.length <= maxOutputs * count) return data
  const each = data.length / count
  throw new AppError('unprocessable', `${name} gives ${each} numbers for a row; at most ${maxOutputs} are explained`)
}

const isTooMuch = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'unprocessable' || error.code === 'too-large')

/**
 * Asks the server for the model's shapes and gives it as a function. A request that the model refuses is halved until it
 * is taken, and the size that was taken is kept.
 * @throws AppError 'not-found' for an unknown model, 'unprocessable' for one that cannot be explained row by row
 */
export async function openServedModel(
  models: Models,
  choice: ModelChoice,
  { batchRows, signal }: ServedModelOptions,
): Promise<ServedModel> {
  const metadata = await models.metadata(choice.model, choice.version)
  const input = chooseInput(metadata)
  const output = chooseOutput(metadata, choice.output)
  const rowShape = rowShapeOf(metadata.name, input)
  const features = rowShape.reduce((product, size) => product * size, 1)
  const isBatched = input.shape[0] === -1
  const sizes = { most: isBatched ? batchRows : Math.min(batchRows, Math.max(1, input.shape[0] ?? 1)) }

  const infer = async (rows: Rows, count: number): Promise<ArrayLike<number>> => {
    const tensor = { datatype: input.datatype, shape: [count, ...rowShape], data: rows }
    const options = {
      outputs: [output.name],
      ...(choice.version === undefined ? {} : { version: choice.version }),
      ...(signal === undefined ? {} : { signal }),
    }
    const answer = await models.infer(choice.model, { [input.name]: tensor }, options)
    return numbersOf(metadata.name, answer[output.name], count)
  }
  const predict = async (rows: Rows, count: number): Promise<ArrayLike<number>> => {
    if (count > sizes.most) {
      const parts: number[] = []
      let size = 0 // the model may turn out to take fewer on the way
      for (let from = 0; from < count; from += size) {
        size = Math.min(sizes.most, count - from)
        const part = await predict(rows.subarray(from * features, (from + size) * features), size)
        for (let at = 0; at < part.length; at += 1) parts.push(part[at] ?? Number.NaN)
      }
      return parts
    }
    try {
      return await infer(rows, count)
    } catch (error) {
      if (count === 1 || !isTooMuch(error)) throw error
      sizes.most = Math.ceil(count / 2)
      return predict(rows, count)
    }
  }
  return {
    name: metadata.name,
    version: choice.version ?? metadata.versions.at(-1),
    input,
    output,
    rowShape,
    rows: (count) =>
      input.datatype === 'FP32' ? new Float32Array(count * features) : new Float64Array(count * features),
    predict,
  }
}
