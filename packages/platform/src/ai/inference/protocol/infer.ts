// An inference request and its answer, whatever wire they came by.
import type { NamedTensors, Tensor } from '../../../kernel/ports.ts'

/** An output that is asked for. */
export interface RequestedOutput {
  readonly name: string
  /** Number of classes when the answer is to be a classification; 0 for the tensor itself. */
  readonly classes: number
  /** Whether the tensor is to follow the JSON as raw bytes (HTTP only). */
  readonly isBinary: boolean
}

/** A request as decoded. */
export interface InferRequest {
  readonly id: string
  readonly inputs: NamedTensors
  /** All outputs when undefined. */
  readonly outputs: readonly RequestedOutput[] | undefined
  /** 0: the model's usual priority; 1 is the highest. */
  readonly priority: number
  /** Longest wait in the queue in microseconds; 0: as the model says. */
  readonly timeoutUs: number
}

/** One output: a tensor, or the classes of a classification as texts `value:index[:label]`. */
export type AnsweredOutput =
  | { readonly name: string; readonly tensor: Tensor }
  | { readonly name: string; readonly shape: readonly number[]; readonly texts: readonly string[] }

/** An answer. */
export interface InferAnswer {
  readonly model: string
  readonly version: string
  readonly id: string
  readonly outputs: readonly AnsweredOutput[]
}
