// Rows of the schema privacy as the service's own values.
import type { Approximation, Program } from '@xinglin/core/ckks'
import type { EncryptedContextFacts } from '../../../kernel/ports.ts'
import type { AskedAs, JobState, PrivateContext, PrivateJob, PrivateVector } from '../types.ts'

/** Columns of a context. */
export const contextColumns =
  'id, owner, label, min_contributors, facts, blob, size_bytes::float8 AS size_bytes, sha256, created_at'

/** Columns of a vector. */
export const vectorColumns =
  'id, context_id, owner, label, patient, job_id, output, size, primes_left, scale, blob, size_bytes::float8 AS size_bytes, sha256, created_at'

/** Columns of a job. */
export const jobColumns =
  'id, context_id, owner, label, inputs, program, state, done, total, attempts, contributors, approximations, error_code, error, created_at, started_at, finished_at, asked_as'

/** A row of privacy.context. */
export interface ContextRow {
  readonly id: string
  readonly owner: string
  readonly label: string
  readonly min_contributors: number
  readonly facts: EncryptedContextFacts
  readonly blob: string
  readonly size_bytes: number
  readonly sha256: string
  readonly created_at: Date
}

/** A row of privacy.vector. */
export interface VectorRow {
  readonly id: string
  readonly context_id: string
  readonly owner: string
  readonly label: string
  readonly patient: string | null
  readonly job_id: string | null
  readonly output: string | null
  readonly size: number
  readonly primes_left: number
  readonly scale: number
  readonly blob: string
  readonly size_bytes: number
  readonly sha256: string
  readonly created_at: Date
}

/** A row of privacy.job. */
export interface JobRow {
  readonly id: string
  readonly context_id: string
  readonly owner: string
  readonly label: string
  readonly inputs: Readonly<Record<string, string>>
  readonly program: Program
  readonly state: JobState
  readonly done: number
  readonly total: number
  readonly attempts: number
  readonly contributors: number
  readonly approximations: readonly Approximation[]
  readonly error_code: string | null
  readonly error: string | null
  readonly created_at: Date
  readonly started_at: Date | null
  readonly finished_at: Date | null
  readonly asked_as: AskedAs | null
}

/** Reads a row. */
export function toContext(row: ContextRow): PrivateContext {
  const { id, owner, label, facts, blob, sha256 } = row
  const scale = facts.scale ?? undefined
  return {
    ...{ id, owner, label, blob, sha256, facts: { ...facts, scale } },
    minContributors: row.min_contributors,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
  }
}

/** Reads a row. */
export function toVector(row: VectorRow): PrivateVector {
  const { id, owner, label, size, scale, blob, sha256 } = row
  return {
    ...{ id, owner, label, size, scale, blob, sha256 },
    contextId: row.context_id,
    patient: row.patient ?? undefined,
    jobId: row.job_id ?? undefined,
    output: row.output ?? undefined,
    primesLeft: row.primes_left,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
  }
}

/** Reads a row. */
export function toJob(row: JobRow): PrivateJob {
  const { id, owner, label, inputs, program, state, done, total, attempts, contributors, approximations } = row
  return {
    ...{ id, owner, label, inputs, program, state, done, total, attempts, contributors, approximations },
    contextId: row.context_id,
    errorCode: row.error_code ?? undefined,
    error: row.error ?? undefined,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    askedAs: row.asked_as ?? undefined,
  }
}
