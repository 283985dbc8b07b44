// What the privacy service keeps: contexts of key owners, encrypted vectors, and jobs (types only).
import type { Approximation, Program, VectorFacts } from '@xinglin/core/ckks'
import type { Caller } from '../../kernel/caller.ts'
import type { EncryptedContextFacts } from '../../kernel/ports.ts'

/** Bytes kept as a blob. */
export interface KeptBytes {
  readonly blob: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** A public context. */
export interface PrivateContext extends KeptBytes {
  readonly id: string
  /** Subject of the caller who holds the secret key. */
  readonly owner: string
  readonly label: string
  /** From 2 on: vectors may only be added up, and a total needs vectors of so many callers. */
  readonly minContributors: number
  readonly facts: EncryptedContextFacts
  readonly createdAt: Date
}

/** An encrypted vector: sent by a data owner, or the result of a job. */
export interface PrivateVector extends KeptBytes, VectorFacts {
  readonly id: string
  readonly contextId: string
  readonly owner: string
  readonly label: string
  /** Id of the patient whom it is about, where the sender named one. */
  readonly patient: string | undefined
  readonly jobId: string | undefined
  readonly output: string | undefined
  readonly createdAt: Date
}

/** As whom something was asked for, as far as it decides what patients withhold. */
export type AskedAs = Pick<Caller, 'roles' | 'actor' | 'purpose'>

/** State of a job. */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** A computation on vectors of one context. */
export interface PrivateJob {
  readonly id: string
  readonly contextId: string
  readonly owner: string
  readonly label: string
  /** Ids of vectors by the name that the program gives them. */
  readonly inputs: Readonly<Record<string, string>>
  readonly program: Program
  /** Undefined for jobs of earlier releases. */
  readonly askedAs: AskedAs | undefined
  readonly state: JobState
  readonly done: number
  readonly total: number
  readonly attempts: number
  /** Callers whose vectors go in. */
  readonly contributors: number
  readonly approximations: readonly Approximation[]
  readonly errorCode: string | undefined
  readonly error: string | undefined
  readonly createdAt: Date
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
}
