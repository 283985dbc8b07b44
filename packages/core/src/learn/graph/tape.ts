// Reverse-mode differentiation over a graph in the making: each operation says how to carry a gradient back.
import type { GraphBuilder, Value } from './builder.ts'

/** Carries the gradient of an operation's output back to its inputs; undefined where none flows or none is wanted. */
export type Backward = (gradient: Value) => readonly (Value | undefined)[]

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
  readonly masks: readonly DropoutMask[]
  /** Gradients of `output`, weighted by `seed` of its shape, with respect to watched values, by name. */
  gradients(output: Value, seed: Value): ReadonlyMap<string, Value>
}

interface Entry {
  readonly output: Value
  readonly inputs: readonly (Value | undefined)[]
  readonly backward: Backward
}

/** Starts a tape over a graph. */
export function startTape(graph: GraphBuilder, isTraining: boolean): Tape {
  const entries: Entry[] = []
  const watched = new Set<string>()
  const updates = new Map<string, Value>()
  const masks: DropoutMask[] = []
  const isWatched = (value: Value | undefined): boolean => value !== undefined && watched.has(value.name)
  return {
    graph,
    isTraining,
    updates,
    masks,
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
      const mask = { name: `dropout_${masks.length}`, shape, rate }
      masks.push(mask)
      return graph.input(mask.name, shape)
    },
    gradients(output, seed) {
      const gathered = new Map<string, readonly Value[]>([[output.name, [seed]]])
      const finished = new Map<string, Value>()
      const settle = (value: Value): Value | undefined => {
        const done = finished.get(value.name) ?? sum(graph, gathered.get(value.name) ?? [])
        if (done) finished.set(value.name, done)
        return done
      }
      for (const entry of entries.toReversed()) {
        const gradient = settle(entry.output)
        if (!gradient) continue
        const back = entry.backward(gradient)
        for (const [index, input] of entry.inputs.entries()) {
          const part = back[index]
          if (input && part && isWatched(input)) gathered.set(input.name, [...(gathered.get(input.name) ?? []), part])
        }
      }
      for (const [name, parts] of gathered) {
        const total = finished.get(name) ?? sum(graph, parts)
        if (total) finished.set(name, total)
      }
      return finished
    },
  }
}

/** Adds values of one shape; undefined for none. */
export function sum(graph: GraphBuilder, parts: readonly Value[]): Value | undefined {
  const [first] = parts
  if (!first || parts.length === 1) return first
  return graph.node(parts.length === 2 ? 'Add' : 'Sum', parts, first.shape)
}
