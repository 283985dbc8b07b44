// What the forward pass of an LSTM layer leaves for the way back.
import type { Value } from '../graph/builder.ts'

/** The weights of a layer in PyTorch's layout: gates in the order input, forget, cell, output. */
export interface LstmWeights {
  /** [4 · hidden, features] */
  readonly inputWeight: Value
  /** [4 · hidden, hidden] */
  readonly hiddenWeight: Value
  /** [4 · hidden] */
  readonly inputBias: Value
  /** [4 · hidden] */
  readonly hiddenBias: Value
}

/** One time step; every value is [hidden, batch]. */
export interface LstmStep {
  readonly input: Value
  readonly forget: Value
  readonly output: Value
  readonly candidate: Value
  /** input · candidate */
  readonly fresh: Value
  /** forget · cell before; undefined in the first step, before which the cell is zero. */
  readonly kept: Value | undefined
  readonly cell: Value
  readonly cellTanh: Value
  readonly hidden: Value
}

/** All steps of a layer. */
export interface LstmRun {
  readonly steps: readonly LstmStep[]
  readonly size: { readonly steps: number; readonly batch: number; readonly features: number; readonly hidden: number }
  /** The inputs, [features, steps · batch]. */
  readonly columns: Value
}
