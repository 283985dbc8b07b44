// Who may do what with contexts, vectors and jobs, and what a cohort may be asked (pure).
import type { Program, Step } from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import type { Caller, Role } from '../../kernel/caller.ts'
import type { PrivateContext, PrivateJob, PrivateVector } from './types.ts'

/** Roles that may take part in an encrypted computation. */
export const parties: readonly Role[] = Object.freeze(['data-scientist', 'clinician', 'admin', 'system'])

/** @throws AppError 'forbidden' for callers who may not take part */
export function demandParty(caller: Caller): void {
  // Scopes speak of FHIR resources; a token that was narrowed to some says nothing about ciphertexts.
  if (caller.scopes.length === 0 && caller.roles.some((role) => parties.includes(role))) return
  throw new AppError('forbidden', `Encrypted computation is open to the roles ${parties.join(', ')}, without scopes`)
}

const isAdmin = ({ roles }: Caller): boolean => roles.includes('admin') || roles.includes('system')

/** @throws AppError 'forbidden' unless the caller made the context */
export function demandOwner(caller: Caller, { owner }: PrivateContext): void {
  if (caller.subject === owner) return
  throw new AppError('forbidden', 'Only the key owner, who made this context, may do this')
}

/** Says whether the caller may know of a vector: its sender, the key owner, an administrator. */
export function maySee(caller: Caller, vector: PrivateVector, context: PrivateContext): boolean {
  return [vector.owner, context.owner].includes(caller.subject) || isAdmin(caller)
}

/**
 * Bytes go to whom they belong: a contribution back to its sender, a result to the key owner. The key owner never gets a
 * single contribution, which that key would open; nobody else gets a result.
 * @throws AppError 'forbidden'
 */
export function demandBytes(caller: Caller, vector: PrivateVector, context: PrivateContext): void {
  const rightful = vector.jobId === undefined ? vector.owner : context.owner
  if (caller.subject === rightful) return
  throw new AppError(
    'forbidden',
    vector.jobId === undefined
      ? 'A contribution is given back to its sender only, not to the key owner who could open it'
      : 'A result is given to the key owner only',
  )
}

/** @throws AppError 'forbidden' unless the caller sent the vector, or owns the key of a result, or administers */
export function demandRemover(caller: Caller, vector: PrivateVector, context: PrivateContext): void {
  const rightful = vector.jobId === undefined ? vector.owner : context.owner
  if (caller.subject === rightful || isAdmin(caller)) return
  throw new AppError('forbidden', 'A vector is removed by its sender, a result by the key owner')
}

/** Says whether the caller may know of a job. */
export function maySeeJob(caller: Caller, job: PrivateJob, context: PrivateContext): boolean {
  return [job.owner, context.owner].includes(caller.subject) || isAdmin(caller)
}

/** Names that a step reads. */
export function readsOf(step: Step): readonly string[] {
  if ('left' in step) return [step.left, step.right]
  return typeof step.of === 'string' ? [step.of] : step.of
}

/** @throws AppError 'unprocessable' for inputs that the program does not read */
export function demandUse(program: Program, names: readonly string[]): void {
  const read = new Set(program.steps.flatMap(readsOf))
  const unused = names.filter((name) => !read.has(name))
  if (unused.length > 0) throw new AppError('unprocessable', `The program does not read the input ${unused.join(', ')}`)
  const plain = program.outputs.filter((name) => names.includes(name))
  if (plain.length > 0) throw new AppError('unprocessable', `The output ${plain.join(', ')} is an input, not a result`)
}

/**
 * In a cohort, contributions may be read by one `total` only, each once, and a total needs enough different senders.
 * @param senders the sender of each input by its name
 * @throws AppError 'business-rule'
 */
export function demandCohort(
  { minContributors }: Pick<PrivateContext, 'minContributors'>,
  program: Program,
  senders: ReadonlyMap<string, string>,
): void {
  if (minContributors < 2) return
  const reading = program.steps.filter((step) => readsOf(step).some((name) => senders.has(name)))
  const [total] = reading
  const names = total === undefined ? [] : readsOf(total)
  const isOneTotal = reading.length === 1 && total?.op === 'total' && new Set(names).size === names.length
  if (!isOneTotal || names.some((name) => !senders.has(name))) {
    throw new AppError(
      'business-rule',
      'In this context contributions may only be added up: one step "total" must read all inputs, each once',
    )
  }
  const contributors = new Set(senders.values()).size
  if (contributors >= minContributors) return
  throw new AppError(
    'business-rule',
    `A total in this context needs contributions of at least ${minContributors} senders, here are ${contributors}`,
  )
}
