// The parameters of a model: names, shapes, seeded first values, and their places in one flat vector.
import { elementCount, floatsOf, type NamedTensors } from './tensor.ts'

/** How a parameter is filled at first. */
export type Initial =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number }

/** One parameter of a model. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: Initial
  /** False for a buffer that the forward pass keeps up itself (running statistics); default true. */
  readonly isTrained?: boolean
}

/** Where a parameter lies in the flat vector. */
export interface ParameterPlace extends ParameterSpec {
  readonly offset: number
  readonly size: number
}

/** The flat vector of a model: trained parameters first, then buffers, each in the order of their declaration. */
export interface ParameterLayout {
  readonly places: readonly ParameterPlace[]
  readonly size: number
  readonly trainedSize: number
}

/** Normal with deviation √(2 / fanIn), for layers before a ReLU (He et al. 2015, arXiv 1502.01852). */
export function heNormal(fanIn: number): Initial {
  return { kind: 'normal', deviation: Math.sqrt(2 / fanIn) }
}

/** Uniform within ±1 / √size: PyTorch's default for linear layers (size = inputs) and for LSTM (size = hidden). */
export function torchUniform(size: number): Initial {
  return { kind: 'uniform', bound: 1 / Math.sqrt(size) }
}

/** Always the same value. */
export function constantInitial(value: number): Initial {
  return { kind: 'constant', value }
}

/** Lays parameters out one after another. */
export function layOut(parameters: readonly ParameterSpec[]): ParameterLayout {
  const isTrained = (one: ParameterSpec): boolean => one.isTrained ?? true
  const ordered = [...parameters.filter(isTrained), ...parameters.filter((one) => !isTrained(one))]
  let offset = 0
  const places = ordered.map((parameter) => {
    const size = elementCount(parameter.shape)
    offset += size
    return { ...parameter, offset: offset - size, size }
  })
  const trainedSize = places.filter(isTrained).reduce((total, { size }) => total + size, 0)
  return { places, size: offset, trainedSize }
}

/** Draws in [0, 1) that repeat for a seed (mulberry32; not for secrets). */
export function seededUnit(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function draw(initial: Initial, unit: () => number): number {
  switch (initial.kind) {
    case 'constant':
      return initial.value
    case 'uniform':
      return (2 * unit() - 1) * initial.bound
    case 'normal':
      return initial.deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())
    default:
      return initial satisfies never
  }
}

/** First values of all parameters as one flat vector; the same for the same seed. */
export function initialWeights(parameters: readonly ParameterSpec[], seed: number): Float32Array {
  const { places, size } = layOut(parameters)
  const unit = seededUnit(seed)
  const flat = new Float32Array(size)
  for (const { offset, size: count, initial } of places) {
    for (let index = offset; index < offset + count; index += 1) flat[index] = draw(initial, unit)
  }
  return flat
}

/** Cuts a flat vector into tensors by name, in the order of declaration; they share its memory. */
export function toTensors(parameters: readonly ParameterSpec[], flat: Float32Array): NamedTensors {
  const { places, size } = layOut(parameters)
  if (flat.length !== size) throw new RangeError(`${flat.length} values are not the ${size} of the model`)
  const byName = new Map(places.map((place) => [place.name, place]))
  return Object.fromEntries(
    parameters.flatMap(({ name, shape }) => {
      const place = byName.get(name)
      const data = place && flat.subarray(place.offset, place.offset + place.size)
      return data ? [[name, { datatype: 'FP32' as const, shape, data }]] : []
    }),
  )
}

/** Joins tensors into the flat vector of a model; throws a RangeError for a missing, unknown or misshapen one. */
export function fromTensors(parameters: readonly ParameterSpec[], tensors: NamedTensors): Float32Array {
  const { places, size } = layOut(parameters)
  const unknown = Object.keys(tensors).find((name) => !places.some((place) => place.name === name))
  if (unknown !== undefined) throw new RangeError(`the model has no parameter ${unknown}`)
  const flat = new Float32Array(size)
  for (const { name, shape, offset } of places) {
    const tensor = tensors[name]
    if (!tensor || tensor.shape.join() !== shape.join()) {
      throw new RangeError(
        `${name} should be [${shape.join(', ')}] and is ${tensor ? `[${tensor.shape.join(', ')}]` : 'missing'}`,
      )
    }
    flat.set(floatsOf(tensor, name), offset)
  }
  return flat
}
