// Runs a training graph step by step: keeps weights and moments, draws dropout masks from the seed, fills up short batches.
import type { DropoutMask } from './graph/tape.ts'
import { adamScalars } from './optimiser.ts'
import { initialWeights, seededUnit } from './parameters.ts'
import { elementCount, floatsOf, type NamedTensors, type OpenSession, type Tensor } from './tensor.ts'
import type { TrainingGraph } from './training-graph.ts'

/** Where training stands; enough to go on exactly. */
export interface TrainingState {
  /** Flat vector of all parameters and buffers. */
  readonly weights: Float32Array
  /** Scaled moments of Adam over the trained part (see `AdamState`). */
  readonly first: Float32Array
  readonly second: Float32Array
  /** Steps done. */
  readonly step: number
}

/** What one step learns from; fewer rows than the graph's batch are filled up with rows that do not count. */
export interface TrainingBatch {
  /** [rows, ...inputShape] */
  readonly input: Float32Array
  /** [rows, …] as the loss asks. */
  readonly target: Float32Array | Int32Array
  /** A factor for each row's loss; default 1. */
  readonly rowWeight?: Float32Array
  readonly learningRate: number
  /** FedProx: the weights that the step is pulled to (flat, at least the trained part) and how strongly. */
  readonly proximal?: { readonly anchor: Float32Array; readonly strength: number }
}

/** Trains one model. */
export interface Trainer {
  /** Does one step and gives the batch's loss before it; rejects while another step runs. */
  step(batch: TrainingBatch): Promise<number>
  /** A copy of where training stands. */
  state(): TrainingState
  /** Goes on from elsewhere: a checkpoint, or another site's weights (moments and step then start anew). */
  restore(state: Pick<TrainingState, 'weights'> & Partial<TrainingState>): void
  close(): Promise<void>
}

/** Options of {@link createTrainer}. */
export interface TrainerOptions {
  /** Draws the first weights and the dropout masks. */
  readonly seed: number
  readonly threads?: number
}

interface Slots {
  weights: Tensor
  first: Tensor
  second: Tensor
}

function vector(data: Float32Array): Tensor {
  return { datatype: 'FP32', shape: [data.length], data }
}

function scalar(value: number): Tensor {
  return { datatype: 'FP32', shape: [], data: Float32Array.of(value) }
}

function zeroState(weights: Float32Array, trainedSize: number): TrainingState {
  return { weights, first: new Float32Array(trainedSize), second: new Float32Array(trainedSize), step: 0 }
}

// Rows beyond the batch repeat the first one with the weight 0, so that statistics stay in range.
function fill(data: Float32Array | Int32Array, rows: number, batch: number, size: number): Float32Array | Int32Array {
  if (data.length !== rows * size) throw new RangeError(`${data.length} values are not ${rows} rows of ${size}`)
  if (rows === batch) return data
  const whole = data instanceof Int32Array ? new Int32Array(batch * size) : new Float32Array(batch * size)
  whole.set(data)
  for (let row = rows; row < batch; row += 1) whole.copyWithin(row * size, 0, size)
  return whole
}

function batchFeeds(graph: TrainingGraph, batch: TrainingBatch): NamedTensors {
  const { model, target } = graph
  const inputSize = elementCount(model.inputShape)
  const rows = batch.input.length / inputSize
  if (!Number.isInteger(rows) || rows < 1 || rows > graph.batch) {
    throw new RangeError(`${batch.input.length} input values are not 1 to ${graph.batch} rows of ${inputSize}`)
  }
  if (batch.target instanceof Int32Array !== (target.datatype === 'INT32')) {
    throw new TypeError(`the loss of ${model.name} takes targets of type ${target.datatype}`)
  }
  const targetData = fill(batch.target, rows, graph.batch, elementCount(target.shape) / graph.batch)
  const rowWeight = new Float32Array(graph.batch)
  for (let row = 0; row < rows; row += 1) rowWeight[row] = ((batch.rowWeight?.[row] ?? 1) * graph.batch) / rows
  return {
    input: {
      datatype: 'FP32',
      shape: [graph.batch, ...model.inputShape],
      data: fill(batch.input, rows, graph.batch, inputSize),
    },
    target: { ...target, data: targetData },
    row_weight: vector(rowWeight),
  }
}

function drawMask({ shape, rate }: DropoutMask, unit: () => number): Tensor {
  const data = new Float32Array(elementCount(shape))
  const kept = 1 / (1 - rate)
  for (let index = 0; index < data.length; index += 1) data[index] = unit() < rate ? 0 : kept
  return { datatype: 'FP32', shape, data }
}

/** Loads a training graph and starts from seeded weights; steps run one at a time. */
export async function createTrainer(
  open: OpenSession,
  graph: TrainingGraph,
  options: TrainerOptions,
): Promise<Trainer> {
  const session = await open(graph.onnx, {
    use: 'training',
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
  const { layout, adam, masks } = graph
  const start = zeroState(initialWeights(graph.model.parameters, options.seed), layout.trainedSize)
  let step = start.step
  // Two sets of tensors take turns: one is read while the other is written, so that no step allocates.
  let current: Slots = { weights: vector(start.weights), first: vector(start.first), second: vector(start.second) }
  let spare: NamedTensors = spareTensors(current)
  let isRunning = false

  const proximalFeeds = ({ proximal }: TrainingBatch): NamedTensors => {
    if (!adam.isProximal) return {}
    const anchor = proximal?.anchor ?? floatsOf(current.weights)
    return { anchor: vector(anchor.subarray(0, layout.trainedSize)), proximal: scalar(proximal?.strength ?? 0) }
  }
  const dropoutFeeds = (): NamedTensors => {
    const unit = seededUnit(options.seed + 7919 * (step + 1)) // a stream of its own for each step, so that a resume repeats it
    return Object.fromEntries(masks.map((mask) => [mask.name, drawMask(mask, unit)]))
  }

  const stepOnce = async (batch: TrainingBatch): Promise<number> => {
    const { stepSize, epsilon } = adamScalars(adam, step + 1, batch.learningRate)
    const results = await session.run(
      {
        ...current,
        ...batchFeeds(graph, batch),
        ...proximalFeeds(batch),
        ...dropoutFeeds(),
        step_size: scalar(stepSize),
        epsilon: scalar(epsilon),
      },
      { into: spare },
    )
    const { weights_next: weights, first_next: first, second_next: second } = results
    const [loss] = floatsOf(results['loss'], 'loss')
    if (!weights || !first || !second || loss === undefined) throw new RangeError('the training graph gave no result')
    spare = { weights_next: current.weights, first_next: current.first, second_next: current.second }
    current = { weights, first, second }
    step += 1
    return loss
  }

  return {
    async step(batch) {
      if (isRunning) throw new TypeError('a step of this trainer is still running')
      isRunning = true
      try {
        return await stepOnce(batch)
      } finally {
        isRunning = false
      }
    },
    state: () => ({
      weights: floatsOf(current.weights).slice(),
      first: floatsOf(current.first).slice(),
      second: floatsOf(current.second).slice(),
      step,
    }),
    restore(state) {
      const fresh = { ...zeroState(state.weights, layout.trainedSize), ...state }
      const sizes = [fresh.weights.length, fresh.first.length, fresh.second.length]
      if (sizes.join() !== [layout.size, layout.trainedSize, layout.trainedSize].join()) {
        throw new RangeError(`a state of ${sizes.join(', ')} values is not one of ${graph.model.name}`)
      }
      current = {
        weights: vector(fresh.weights.slice()),
        first: vector(fresh.first.slice()),
        second: vector(fresh.second.slice()),
      }
      spare = spareTensors(current)
      step = fresh.step
    },
    close: () => session.close(),
  }
}

function spareTensors({ weights, first, second }: Slots): NamedTensors {
  const like = (tensor: Tensor): Tensor => vector(new Float32Array(tensor.data.length))
  return { weights_next: like(weights), first_next: like(first), second_next: like(second) }
}
