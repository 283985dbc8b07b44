// A model: its parameters and its forward pass, from which the training, gradient and inference graphs are all made.
import type { GraphBuilder, Value } from './graph/builder.ts'
import type { Tape } from './graph/tape.ts'
import { layOut, type ParameterLayout, type ParameterSpec } from './parameters.ts'
import { floatTensor } from './tensor.ts'

/** Gives the value of a parameter by its name; throws a RangeError for an unknown one. */
export type WeightOf = (name: string) => Value

/** The definition of a model. */
export interface Model {
  /** Goes into the graph, e.g. `lstm-classifier`. */
  readonly name: string
  /** In the order in which they are exchanged (PyTorch's `state_dict`). */
  readonly parameters: readonly ParameterSpec[]
  /** Without the batch axis, e.g. `[steps, features]` or `[channels, rows, columns]`. */
  readonly inputShape: readonly number[]
  /** What the outputs mean: independent logits (sigmoid), logits of classes on the last axis (softmax), or values. */
  readonly link: 'sigmoid' | 'softmax' | 'identity'
  /** From `[batch, ...inputShape]` to the output before the link. */
  forward(tape: Tape, input: Value, weightOf: WeightOf): Value
}

/** Checks a model's definition and freezes it; throws a RangeError for doubled names or empty shapes. */
export function defineModel(model: Model): Model {
  const names = model.parameters.map(({ name }) => name)
  const doubled = names.find((name, index) => names.indexOf(name) !== index)
  if (doubled !== undefined) throw new RangeError(`${model.name} declares ${doubled} twice`)
  const shapes = [model.inputShape, ...model.parameters.map(({ shape }) => shape)]
  const wrong = shapes.find((shape) => shape.some((size) => !Number.isSafeInteger(size) || size < 1))
  if (wrong) throw new RangeError(`${model.name} has a shape of [${wrong.join(', ')}]`)
  return Object.freeze(model)
}

function lookup(values: ReadonlyMap<string, Value>): WeightOf {
  return (name) => {
    const value = values.get(name)
    if (!value) throw new RangeError(`the model has no parameter ${name}`)
    return value
  }
}

/** Cuts the flat vector `[size]` into the parameters inside the graph. */
export function weightsFromVector(graph: GraphBuilder, { places }: ParameterLayout, flat: Value): WeightOf {
  const pieces =
    places.length === 1
      ? [flat]
      : graph.nodes(
          'Split',
          [flat, graph.integers(places.map(({ size }) => size))],
          places.map(({ size }) => [size]),
          {
            attributes: { axis: 0 },
          },
        )
  const named = places.flatMap(({ name, shape }, index) => {
    const piece = pieces[index]
    if (!piece) return []
    return [[name, shape.length === 1 ? piece : graph.node('Reshape', [piece, graph.integers(shape)], shape)] as const]
  })
  return lookup(new Map(named))
}

/** Bakes parameters into the graph as initialisers under their names. */
export function weightsAsConstants(graph: GraphBuilder, model: Model, flat: Float32Array): WeightOf {
  const { places, size } = layOut(model.parameters)
  if (flat.length !== size) throw new RangeError(`${flat.length} values are not the ${size} of ${model.name}`)
  const named = places.map(({ name, shape, offset, size: count }) => {
    const tensor = floatTensor(shape, flat.slice(offset, offset + count))
    return [name, graph.initialiser(name, tensor)] as const
  })
  return lookup(new Map(named))
}
