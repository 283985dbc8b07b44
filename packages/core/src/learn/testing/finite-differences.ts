// Holds the gradients of an operation against central differences of its own forward pass.
import { graphBuilder, type Value } from '../graph/builder.ts'
import { encodeModel } from '../graph/onnx.ts'
import { startTape, type Tape } from '../graph/tape.ts'
import type { WeightOf } from '../model.ts'
import { seededUnit } from '../parameters.ts'
import { floatsOf, floatTensor, type NamedTensors, type OpenSession, type Tensor } from '../tensor.ts'

/** An operation under test. */
export interface GradientCase {
  /** Every FP32 input is differentiated. */
  readonly inputs: NamedTensors
  emit(tape: Tape, input: WeightOf): Value
  readonly isTraining?: boolean
  /** Half of the distance between the two points; default 1e-2, so that rounding in FP32 stays below 1e-4. */
  readonly distance?: number
}

/** Seeded values in [-1, 1) as a tensor. */
export function randomTensor(shape: readonly number[], seed: number): Tensor {
  const unit = seededUnit(seed)
  const size = shape.reduce((product, axis) => product * axis, 1)
  return floatTensor(
    shape,
    Float32Array.from({ length: size }, () => 2 * unit() - 1),
  )
}

/**
 * The largest difference between a gradient from the tape and the central difference, over all elements of all inputs,
 * divided by the largest gradient of that input (at least 1e-3).
 */
export async function gradientError(open: OpenSession, one: GradientCase): Promise<number> {
  const graph = graphBuilder()
  const tape = startTape(graph, { isTraining: one.isTraining ?? true })
  const values = Object.fromEntries(
    Object.entries(one.inputs).map(([name, { shape, datatype }]) => [name, graph.input(name, shape, datatype)]),
  )
  const differentiated = Object.values(values).filter(({ datatype }) => datatype === 'FP32')
  for (const value of differentiated) tape.watch(value)
  const output = one.emit(tape, (name) => {
    const value = values[name]
    if (!value) throw new RangeError(`the case has no input ${name}`)
    return value
  })
  const seed = randomTensor(output.shape, 99)
  const gradients = tape.gradients(output, graph.input('seed', output.shape))
  graph.output('result', output)
  for (const { name } of differentiated) {
    const gradient = gradients.get(name)
    if (gradient) graph.output(`gradient_${name}`, gradient.finish(graph, gradient.raw))
  }
  const session = await open(encodeModel(graph.finish('case')))
  const run = (inputs: NamedTensors): Promise<NamedTensors> => session.run({ ...inputs, seed })
  const exact = await run(one.inputs)
  const errors: number[] = []
  for (const { name } of differentiated) {
    const analytic = floatsOf(exact[`gradient_${name}`], `gradient of ${name}`)
    errors.push(await inputError(one, name, { run, seed, analytic }))
  }
  await session.close()
  return Math.max(...errors)
}

interface Probe {
  run(inputs: NamedTensors): Promise<NamedTensors>
  readonly seed: Tensor
  readonly analytic: Float32Array
}

async function inputError(one: GradientCase, name: string, { run, seed, analytic }: Probe): Promise<number> {
  const distance = one.distance ?? 1e-2
  const tensor = one.inputs[name]
  if (!tensor) throw new RangeError(`no input ${name}`)
  const weights = floatsOf(seed)
  const at = async (index: number, shift: number): Promise<number> => {
    const data = Float32Array.from(floatsOf(tensor))
    data[index] = (data[index] ?? 0) + shift
    const { result } = await run({ ...one.inputs, [name]: { ...tensor, data } })
    return floatsOf(result).reduce((total, value, place) => total + value * (weights[place] ?? 0), 0)
  }
  const scale = Math.max(1e-3, ...analytic.map(Math.abs))
  let worst = 0
  for (let index = 0; index < analytic.length; index += 1) {
    const difference = ((await at(index, distance)) - (await at(index, -distance))) / (2 * distance)
    worst = Math.max(worst, Math.abs(difference - (analytic[index] ?? Number.NaN)) / scale)
  }
  return worst
}
