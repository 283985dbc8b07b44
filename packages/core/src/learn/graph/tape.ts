// Reverse-mode differentiation over a graph in the making: each operation says how to carry a gradient back.
import type { GraphBuilder, Value } from './builder.ts'

/** A gradient in the form in which it is cheapest to sum, and how it becomes one of the value's shape. */
export interface Gradient {
  readonly raw: Value
  /** Emits the last step, once for the whole sum; it must be linear. */
  finish(graph: GraphBuilder, summed: Value): Value
}

/** Carries the gradient of an operation's output back to its inputs; undefined where none flows or none is wanted. */
export type Backward = (gradient: Value) => readonly (Value | Gradient | undefined)[]

/** A noise input that dropout asks for: the trainer fills it with 0 and 1 / (1 - rate). */
export interface DropoutMask {
  readonly name: string
  readonly shape: readonly number[]
  /** Share of elements set to 0, in [0, 1). */
  readonly rate: number
}

/** A graph together with what is needed to differentiate it. */
export interface Tape {
  readonly graph: GraphBuilder
  /** True while training: dropout drops, batch normalisation uses the batch's own statistics. */
  readonly isTraining: boolean
  /** Says that gradients with respect to this value are wanted. */
  watch(value: Value): void
  /** Whether a gradient with respect to the value is wanted, directly or through it. */
  isWatched(value: Value | undefined): boolean
  /** Registers an operation; `backward` answers one gradient for each input, in order. */
  record(output: Value, inputs: readonly (Value | undefined)[], backward: Backward): Value
  /** A new value of a buffer (a parameter that is not trained) after this step. */
  update(parameter: string, value: Value): void
  readonly updates: ReadonlyMap<string, Value>
  /** Asks for a dropout mask as an input of the graph. */
  mask(shape: readonly number[], rate: number): Value
  /**
   * A value that depends on parameters only, made once under the key and outside of the parts that a batch is cut into,
   * e.g. a kernel turned around.
   */
  prepared(key: string, make: (graph: GraphBuilder) => Value): Value
  /** Gradients of `output`, weighted by `seed` of its shape, with respect to watched values, by name. */
  gradients(output: Value, seed: Value): ReadonlyMap<string, Gradient>
}

/** Options of {@link startTape}. */
export interface TapeOptions {
  readonly isTraining: boolean
  /** Where values that depend on parameters only are made; default the tape's own graph. */
  readonly outer?: GraphBuilder
  /** Makes the input of a dropout mask; without it there is no dropout. */
  readonly mask?: (mask: DropoutMask) => Value
}

interface Entry {
  readonly output: Value
  readonly inputs: readonly (Value | undefined)[]
  readonly backward: Backward
}

const plain = (raw: Value): Gradient => ({ raw, finish: (_, summed) => summed })

/** Starts a tape over a graph. */
export function startTape(graph: GraphBuilder, { isTraining, outer = graph, mask: feedMask }: TapeOptions): Tape {
  const entries: Entry[] = []
  const watched = new Set<string>()
  const updates = new Map<string, Value>()
  let maskCount = 0
  const prepared = new Map<string, Value>()
  const isWatched = (value: Value | undefined): boolean => value !== undefined && watched.has(value.name)
  return {
    graph,
    isTraining,
    updates,
    isWatched,
    watch: (value) => void watched.add(value.name),
    record(output, inputs, backward) {
      if (!inputs.some(isWatched)) return output
      watched.add(output.name)
      entries.push({ output, inputs, backward })
      return output
    },
    update: (parameter, value) => void updates.set(parameter, value),
    mask(shape, rate) {
      if (!feedMask) throw new TypeError('dropout needs a graph that is fed with masks')
      return feedMask({ name: `dropout_${maskCount++}`, shape, rate })
    },
    prepared(key, make) {
      const value = prepared.get(key) ?? make(outer)
      prepared.set(key, value)
      return value
    },
    gradients(output, seed) {
      const parts = new Map<string, readonly Gradient[]>([[output.name, [plain(seed)]]])
      for (const { output: value, inputs, backward } of entries.toReversed()) {
        const gradient = settle(graph, parts.get(value.name))
        if (!gradient) continue
        parts.set(value.name, [gradient])
        const back = backward(gradient.finish(graph, gradient.raw))
        for (const [index, input] of inputs.entries()) {
          const part = back[index]
          if (!input || !part || !isWatched(input)) continue
          parts.set(input.name, [...(parts.get(input.name) ?? []), 'raw' in part ? part : plain(part)])
        }
      }
      const settled = [...parts].flatMap(([name, list]) => {
        const gradient = settle(graph, list)
        return gradient ? [[name, gradient] as const] : []
      })
      return new Map(settled)
    },
  }
}

// A single part stays as it is; several are finished and added.
function settle(graph: GraphBuilder, parts: readonly Gradient[] | undefined): Gradient | undefined {
  if (!parts || parts.length <= 1) return parts?.[0]
  const total = sum(
    graph,
    parts.map(({ raw, finish }) => finish(graph, raw)),
  )
  return total && plain(total)
}

/** Adds values of one shape; undefined for none. */
export function sum(graph: GraphBuilder, parts: readonly Value[]): Value | undefined {
  const [first] = parts
  if (!first || parts.length === 1) return first
  return graph.node(parts.length === 2 ? 'Add' : 'Sum', parts, first.shape)
}
