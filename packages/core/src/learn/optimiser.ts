// Adam over one flat vector, with what may change a gradient first: FedProx's pull, weight decay, clipping by norm.
import type { GraphBuilder, Value } from './graph/builder.ts'

/** Settings of Adam (Kingma and Ba 2015); the learning rate is given with each step. */
export interface AdamOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** L2 penalty that is added to the gradient, as torch.optim.Adam; 0 for none. */
  readonly weightDecay: number
  /** Largest norm of the whole gradient, as torch's `clip_grad_norm_`; undefined for none. */
  readonly clipNorm?: number
  /** Adds FedProx's μ (w - w₀) to the gradient (Li et al. 2020); needs `anchor` and `proximal` with each step. */
  readonly isProximal?: boolean
}

/** PyTorch's defaults. */
export const adamDefaults: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }

/** The trained part of the weights, [trained], and the state of Adam. */
export interface AdamState {
  readonly weights: Value
  /** Σ β₁ᵏ g: the first moment divided by 1 - β₁, which saves a pass over the vector. */
  readonly first: Value
  /** Σ β₂ᵏ g²: the second moment divided by 1 - β₂. */
  readonly second: Value
}

/** Scalars of one step that fold learning rate, bias correction and the scaling of the moments; see {@link adamScalars}. */
export interface AdamScalars {
  readonly stepSize: number
  readonly epsilon: number
}

/**
 * The scalars of step `step` (from 1), in double precision. With M = m / (1 - β₁) and V = v / (1 - β₂), the update
 * lr · m̂ / (√v̂ + ε) equals stepSize · M / (√V + epsilon).
 */
export function adamScalars(options: AdamOptions, step: number, learningRate: number): AdamScalars {
  const { beta1, beta2, epsilon } = options
  const first = (1 - beta1) / (1 - beta1 ** step)
  const second = Math.sqrt((1 - beta2) / (1 - beta2 ** step))
  return { stepSize: (learningRate * first) / second, epsilon: epsilon / second }
}

/** Emits what comes between the raw gradient and Adam; all values are [trained]. */
export function shapeGradient(
  graph: GraphBuilder,
  options: AdamOptions,
  gradient: Value,
  weights: Value,
): { readonly gradient: Value; readonly norm: Value | undefined } {
  const { shape } = gradient
  const plus = (base: Value, factor: Value, direction: Value): Value =>
    graph.node('Add', [base, graph.node('Mul', [direction, factor], shape)], shape)
  const pulled = options.isProximal
    ? plus(gradient, graph.input('proximal', []), graph.node('Sub', [weights, graph.input('anchor', shape)], shape))
    : gradient
  const clipped = options.clipNorm === undefined ? undefined : clip(graph, pulled, options.clipNorm)
  const bounded = clipped?.gradient ?? pulled
  return {
    gradient: options.weightDecay === 0 ? bounded : plus(bounded, graph.scalar(options.weightDecay), weights),
    norm: clipped?.norm,
  }
}

function clip(graph: GraphBuilder, gradient: Value, limit: number): { readonly gradient: Value; readonly norm: Value } {
  const norm = graph.node('ReduceL2', [gradient], [], { attributes: { keepdims: 0 } })
  const ratio = graph.node('Div', [graph.scalar(limit), graph.node('Add', [norm, graph.scalar(1e-6)], [])], [])
  const factor = graph.node('Min', [ratio, graph.scalar(1)], [])
  return { gradient: graph.node('Mul', [gradient, factor], gradient.shape), norm }
}

/** Emits one step of Adam; reads the graph's inputs `step_size` and `epsilon`. */
export function emitAdam(graph: GraphBuilder, options: AdamOptions, state: AdamState, gradient: Value): AdamState {
  const { shape } = gradient
  const node = (op: string, ...inputs: readonly Value[]): Value => graph.node(op, inputs, shape)
  const stepSize = graph.input('step_size', [])
  const epsilon = graph.input('epsilon', [])
  const first = node('Add', node('Mul', state.first, graph.scalar(options.beta1)), gradient)
  const second = node('Add', node('Mul', state.second, graph.scalar(options.beta2)), node('Mul', gradient, gradient))
  const direction = node('Div', first, node('Add', node('Sqrt', second), epsilon))
  return { weights: node('Sub', state.weights, node('Mul', direction, stepSize)), first, second }
}
