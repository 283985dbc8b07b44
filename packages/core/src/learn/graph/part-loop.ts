// Works a batch off part after part: the parts are the steps of an ONNX Scan, whose body is a graph of its own.
import { type GraphBuilder, graphBuilder, type Value } from './builder.ts'

/** A loop over equal parts of a batch. */
export interface PartLoop {
  /** The graph of one part; values of the graph around it may be used in it. */
  readonly body: GraphBuilder
  /** Cuts a value of the whole batch along its first axis and gives one part of it inside. */
  cut(whole: Value): Value
  /** A value that runs through the parts from `first` on; gives what a part starts from. */
  carry(first: Value): Value
  /** A sum over the parts: gives what a part starts from, which is 0 of this shape at first. */
  carryZero(shape: readonly number[]): Value
  /** Closes the loop; `next` has a value for each carried one, in their order. Gives what they are after the last part. */
  finish(next: readonly Value[]): readonly Value[]
}

/** Starts a loop over `count` parts. */
export function startPartLoop(graph: GraphBuilder, count: number): PartLoop {
  const body = graphBuilder('part_')
  const carried: { readonly first: Value; readonly inside: Value }[] = []
  const cuts: { readonly whole: Value; readonly inside: Value }[] = []
  const loop: PartLoop = {
    body,
    cut(whole) {
      const [size = 0, ...rest] = whole.shape
      const inside = body.input(`${whole.name}_part`, [size / count, ...rest], whole.datatype)
      const shape = [count, size / count, ...rest]
      const stacked = graph.node('Reshape', [whole, graph.integers(shape)], shape, { datatype: whole.datatype })
      cuts.push({ whole: stacked, inside })
      return inside
    },
    carry(first) {
      const inside = body.input(`carried_${carried.length}`, first.shape)
      carried.push({ first, inside })
      return inside
    },
    carryZero: (shape) => loop.carry(graph.node('ConstantOfShape', [graph.integers(shape)], shape)),
    finish(next) {
      if (next.length !== carried.length)
        throw new RangeError(`${next.length} values for ${carried.length} carried ones`)
      for (const [index, value] of next.entries()) body.output(`carried_${index}_next`, value)
      // Scan wants what is carried first, then what is cut
      const inputs = [...carried, ...cuts].map(({ inside }) => inside)
      const definition = { ...body.finish('part'), inputs }
      return graph.nodes(
        'Scan',
        [...carried.map(({ first }) => first), ...cuts.map(({ whole }) => whole)],
        carried.map(({ first }) => first.shape),
        { attributes: { num_scan_inputs: cuts.length, body: { graph: definition } } },
      )
    },
  }
  return loop
}
