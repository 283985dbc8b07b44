// The door to computation on encrypted vectors (CKKS): TenSEAL's bytes, checks, plans, and work on a given SEAL instance.
export { type EvaluationKeys, type Execution, executePlan, type RunningPlan, startPlan } from './execute.ts'
export {
  type CheckedContext,
  type ContextLimits,
  checkContext,
  type KeyWish,
  loadEvaluationKeys,
  loadPublicKey,
  loadSecretKey,
  makeKeys,
  parametersOf,
} from './keys.ts'
export { planProgram } from './plan.ts'
export type {
  Approximation,
  Instruction,
  Machine,
  PlainValues,
  Plan,
  Program,
  Step,
  VectorFacts,
} from './program.ts'
export {
  aggregatePolicy,
  type CohortStatistics,
  cohortStatistics,
  cohortSums,
  type ReleasePolicy,
  release,
} from './release.ts'
export type { Inflate, Packing, SealCompression } from './seal-bytes.ts'
export type { SealCiphertext, SealModule, Stored } from './seal-module.ts'
export {
  bitsOf,
  type CkksChoice,
  type CkksParameters,
  checkChoice,
  levelsOf,
  regressionChoice,
  slotsOf,
  tutorialChoice,
} from './seal-parameters.ts'
export { openSession, type SealSession, using } from './session.ts'
export { fitSigmoid, polynomialAt, type SigmoidFit, sigmoid } from './sigmoid.ts'
export {
  publicPartOf,
  readTensealContext,
  readTensealVector,
  type TensealContext,
  type TensealVector,
  writeTensealContext,
  writeTensealVector,
} from './tenseal.ts'
export {
  type CheckedVector,
  checkVector,
  decryptVector,
  encryptVector,
  loadVector,
  saveVector,
} from './vectors.ts'
