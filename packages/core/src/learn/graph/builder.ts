// Builds an ONNX graph whose shapes are all known: nodes in order, constants shared, names given by the builder.
import { type Datatype, elementCount, type Tensor } from '../tensor.ts'

/** An edge of the graph. */
export interface Value {
  readonly name: string
  readonly shape: readonly number[]
  readonly datatype: Datatype
}

/** A whole number is INT, `{ float }` FLOAT, a list INTS, text STRING, `{ graph }` a subgraph. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: GraphDefinition }

/** One node as it goes into the model. */
export interface GraphNode {
  readonly op: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A finished graph. */
export interface GraphDefinition {
  readonly name: string
  readonly nodes: readonly GraphNode[]
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly initialisers: readonly { readonly name: string; readonly tensor: Tensor }[]
}

/** What a node is besides its operator and inputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  /** Default: the ONNX domain; `com.microsoft` for onnxruntime's own operators. */
  readonly domain?: string
  readonly datatype?: Datatype
}

/** Grows a graph. */
export interface GraphBuilder {
  input(name: string, shape: readonly number[], datatype?: Datatype): Value
  /** A constant by name, e.g. a weight; the name must be new. */
  initialiser(name: string, tensor: Tensor): Value
  /** A small constant; equal ones are shared. */
  constant(tensor: Tensor): Value
  scalar(value: number): Value
  /** A one-dimensional INT64 constant, as axes and shapes are given. */
  integers(values: readonly number[]): Value
  /** Adds a node with one output of the given shape; an undefined input is an absent optional one. */
  node(op: string, inputs: readonly (Value | undefined)[], shape: readonly number[], options?: NodeOptions): Value
  /** Adds a node with several outputs. */
  nodes(
    op: string,
    inputs: readonly (Value | undefined)[],
    shapes: readonly (readonly number[])[],
    options?: NodeOptions,
  ): readonly Value[]
  /** Gives a value out under a name. */
  output(name: string, value: Value): void
  finish(name: string): GraphDefinition
}

function constantKey({ datatype, shape, data }: Tensor): string {
  return `${datatype}|${shape.join()}|${data.join()}`
}

/** Starts an empty graph; `prefix` keeps the names of a subgraph apart from those around it. */
export function graphBuilder(prefix = 'v'): GraphBuilder {
  const nodes: GraphNode[] = []
  const inputs: Value[] = []
  const outputs: { readonly name: string; readonly value: Value }[] = []
  const initialisers: { readonly name: string; readonly tensor: Tensor }[] = []
  const constants = new Map<string, Value>()
  let count = 0
  const fresh = (): string => `${prefix}${(count++).toString(36)}`

  const builder: GraphBuilder = {
    input(name, shape, datatype = 'FP32') {
      const value = { name, shape, datatype }
      inputs.push(value)
      return value
    },
    initialiser(name, tensor) {
      initialisers.push({ name, tensor })
      return { name, shape: tensor.shape, datatype: tensor.datatype }
    },
    constant(tensor) {
      const isSmall = elementCount(tensor.shape) <= 64
      const key = isSmall ? constantKey(tensor) : ''
      const known = isSmall ? constants.get(key) : undefined
      if (known) return known
      const value = builder.initialiser(fresh(), tensor)
      if (isSmall) constants.set(key, value)
      return value
    },
    scalar: (value) => builder.constant({ datatype: 'FP32', shape: [], data: Float32Array.of(value) }),
    integers: (values) =>
      builder.constant({ datatype: 'INT64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }),
    node(op, from, shape, options) {
      const [value] = builder.nodes(op, from, [shape], options)
      if (!value) throw new RangeError(`${op} has no output`)
      return value
    },
    nodes(op, from, shapes, { attributes = {}, domain = '', datatype = 'FP32' } = {}) {
      const values = shapes.map((shape) => ({ name: fresh(), shape, datatype }))
      nodes.push({
        op,
        domain,
        attributes,
        inputs: from.map((value) => value?.name ?? ''),
        outputs: values.map(({ name }) => name),
      })
      return values
    },
    output: (name, value) => void outputs.push({ name, value }),
    finish: (name) => finishGraph(name, { nodes, inputs, outputs, initialisers }),
  }
  return builder
}

interface Parts {
  readonly nodes: readonly GraphNode[]
  readonly inputs: readonly Value[]
  readonly outputs: readonly { readonly name: string; readonly value: Value }[]
  readonly initialisers: readonly { readonly name: string; readonly tensor: Tensor }[]
}

// The node that makes an output is made to write it under its outer name; an Identity stands in where that cannot be.
function finishGraph(name: string, { nodes, inputs, outputs, initialisers }: Parts): GraphDefinition {
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const renamed = new Map<string, string>()
  const copies: GraphNode[] = []
  for (const output of outputs) {
    const isFree = made.has(output.value.name) && !renamed.has(output.value.name)
    if (isFree) renamed.set(output.value.name, output.name)
    else {
      const from = renamed.get(output.value.name) ?? output.value.name
      copies.push({ op: 'Identity', domain: '', inputs: [from], outputs: [output.name], attributes: {} })
    }
  }
  const rename = (old: string): string => renamed.get(old) ?? old
  return {
    name,
    inputs,
    initialisers,
    nodes: [
      ...nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) })),
      ...copies,
    ],
    outputs: outputs.map((output) => ({ ...output.value, name: output.name })),
  }
}
