// Contexts, vectors and jobs as the routes show them.
import { Type } from 'typebox'
import type { PrivateContext, PrivateJob, PrivateVector } from '../types.ts'

const Text = Type.String()
const Whole = Type.Integer()
const OptionalText = Type.Optional(Text)

/** A context. */
export const ShownContext = Type.Object({
  id: Text,
  owner: Text,
  label: Text,
  minContributors: Whole,
  degree: Whole,
  primeBits: Type.Array(Whole),
  slots: Whole,
  levels: Whole,
  scaleBits: Type.Optional(Type.Number()),
  hasRelinKeys: Type.Boolean(),
  rotations: Type.Array(Whole),
  /** Always false: a context with one is refused. */
  hasSecretKey: Type.Literal(false),
  sealVersion: Text,
  sizeBytes: Whole,
  sha256: Text,
  createdAt: Text,
})

/** A vector. */
export const ShownVector = Type.Object({
  id: Text,
  contextId: Text,
  owner: Text,
  label: Text,
  patient: OptionalText,
  jobId: OptionalText,
  output: OptionalText,
  size: Whole,
  levelsLeft: Whole,
  scaleBits: Type.Number(),
  sizeBytes: Whole,
  /** Bytes of the same numbers as doubles. */
  plainBytes: Whole,
  sha256: Text,
  createdAt: Text,
})

/** A job. */
export const ShownJob = Type.Object({
  id: Text,
  contextId: Text,
  owner: Text,
  label: Text,
  state: Text,
  progress: Type.Object({ done: Whole, total: Whole }),
  attempts: Whole,
  contributors: Whole,
  inputs: Type.Record(Text, Text),
  operations: Type.Array(Text),
  outputs: Type.Array(Text),
  approximations: Type.Array(
    Type.Object({
      name: Text,
      degree: Whole,
      range: Type.Number(),
      coefficients: Type.Array(Type.Number()),
      maxError: Type.Number(),
    }),
  ),
  results: Type.Array(ShownVector),
  error: Type.Optional(Type.Object({ code: Text, detail: Text })),
  statement: Text,
  createdAt: Text,
  startedAt: OptionalText,
  finishedAt: OptionalText,
})

/** What every answer with a computed value says. */
export const supportStatement =
  'Decision support only: a computed value does not replace the judgement of a clinician, and an encrypted one is approximate.'

const bytesOfDouble = 8

/** Shows a context. */
export function showContext({ facts, ...context }: PrivateContext) {
  const { id, owner, label, minContributors, sizeBytes, sha256, createdAt } = context
  const { degree, slots, levels, scale, hasRelinKeys, rotations, sealVersion } = facts
  return {
    ...{ id, owner, label, minContributors, degree, slots, levels, hasRelinKeys, sealVersion, sizeBytes, sha256 },
    primeBits: facts.primes.map((prime) => BigInt(prime).toString(2).length),
    ...(scale === undefined ? {} : { scaleBits: Math.log2(scale) }),
    rotations: [...rotations],
    hasSecretKey: false as const,
    createdAt: createdAt.toISOString(),
  }
}

/** Shows a vector. */
export function showVector(vector: PrivateVector) {
  const { id, contextId, owner, label, patient, jobId, output, size, primesLeft, scale, sizeBytes, sha256 } = vector
  return {
    ...{ id, contextId, owner, label, size, sizeBytes, sha256 },
    ...(patient === undefined ? {} : { patient }),
    ...(jobId === undefined || output === undefined ? {} : { jobId, output }),
    levelsLeft: primesLeft - 1,
    scaleBits: Math.round(Math.log2(scale) * 1000) / 1000,
    plainBytes: size * bytesOfDouble,
    createdAt: vector.createdAt.toISOString(),
  }
}

/** Shows a job with its results. */
export function showJob(job: PrivateJob, results: readonly PrivateVector[]) {
  const { id, contextId, owner, label, state, done, total, attempts, contributors, inputs, program } = job
  return {
    ...{ id, contextId, owner, label, state, attempts, contributors, progress: { done, total } },
    inputs: { ...inputs },
    operations: program.steps.map(({ op }) => op),
    outputs: [...program.outputs],
    approximations: job.approximations.map((one) => ({ ...one, coefficients: [...one.coefficients] })),
    results: results.map(showVector),
    ...(job.error === undefined ? {} : { error: { code: job.errorCode ?? 'internal', detail: job.error } }),
    statement: supportStatement,
    createdAt: job.createdAt.toISOString(),
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt.toISOString() }),
    ...(job.finishedAt === undefined ? {} : { finishedAt: job.finishedAt.toISOString() }),
  }
}
