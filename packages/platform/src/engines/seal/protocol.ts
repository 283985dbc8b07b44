// What the engine and its computing process say to each other; bytes lie in files of a folder that only the two can see.
import type { Approximation, Program, VectorFacts } from '@xinglin/core/ckks'
import type { ErrorCode } from '@xinglin/core/errors'
import type { EncryptedContextFacts } from '../../kernel/ports.ts'

/** Limits that the process keeps. */
export interface SealLimits {
  readonly maxDegree: number
  /** Most bytes of all keys of a context, uncompressed. */
  readonly maxKeyBytes: number
}

/** The context of a request: its key, and its file unless the process holds it already. */
export interface NamedContext {
  readonly key: string
  readonly file: string | undefined
}

/** What the process is asked to do. */
export type SealTask =
  | { readonly kind: 'ping' }
  | { readonly kind: 'inspect-context'; readonly file: string }
  | { readonly kind: 'inspect-vector'; readonly context: NamedContext; readonly file: string }
  | {
      readonly kind: 'compute'
      readonly context: NamedContext
      readonly inputs: readonly { readonly name: string; readonly file: string }[]
      readonly program: Program
      /** Results are written to files that begin so. */
      readonly resultPrefix: string
    }

/** A task with its number. */
export interface SealRequest {
  readonly id: number
  readonly task: SealTask
}

/** What a computation gives. */
export interface ComputedVectors {
  readonly results: readonly (VectorFacts & { readonly name: string; readonly file: string })[]
  readonly approximations: readonly Approximation[]
  readonly operations: number
}

/** What a task gives. */
export type SealResult = EncryptedContextFacts | VectorFacts | ComputedVectors | Record<string, never>

/** What the process says. */
export type SealAnswer =
  | { readonly id: number; readonly kind: 'done'; readonly result: SealResult }
  | { readonly id: number; readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly id: number; readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }
