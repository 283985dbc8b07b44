// What patients withhold may not enter a computation: asked when numbers come, when a job is taken, and when its turn comes.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import type { PrivacyParts } from './parts.ts'
import type { AskedAs, PrivateContext, PrivateVector } from './types.ts'

// http://terminology.hl7.org/CodeSystem/v3-ActReason
const research = 'HRESCH'

/** What of a caller decides what is withheld (pure). */
export function askedAs({ roles, actor, purpose }: Caller): AskedAs {
  return { roles, purpose, ...(actor === undefined ? {} : { actor }) }
}

/** The caller of a job as its turn comes (pure); nobody broke a glass for a computation. */
export function askingAgain(owner: string, asked: AskedAs): Caller {
  return { subject: owner, name: owner, scopes: [], ...asked }
}

// A cohort is research, whatever else the caller is here for.
function purposesOf({ purpose }: Caller, { minContributors }: Pick<PrivateContext, 'minContributors'>) {
  return [...new Set(minContributors > 1 ? [purpose, research] : [purpose])]
}

/**
 * Lets no numbers about patients pass who withhold anything from the caller, or, in a cohort, from research: of what in the
 * record an encrypted number was made, nobody can see here.
 * @param vectors with the names by which a refusal tells of them
 * @throws AppError 'forbidden' naming the vectors, not the patients
 */
export async function demandGiven(
  { withheldFrom }: Pick<PrivacyParts, 'withheldFrom'>,
  caller: Caller,
  context: Pick<PrivateContext, 'minContributors'>,
  vectors: readonly (readonly [name: string, vector: Pick<PrivateVector, 'patient'>])[],
): Promise<void> {
  const patients = [...new Set(vectors.flatMap(([, { patient }]) => patient ?? []))]
  if (patients.length === 0) return
  const asked = purposesOf(caller, context).map((purpose) => withheldFrom({ ...caller, purpose }, patients))
  const withheld = new Set((await Promise.all(asked)).flat())
  const names = vectors.flatMap(([name, { patient }]) => (patient !== undefined && withheld.has(patient) ? [name] : []))
  if (names.length === 0) return
  throw new AppError('forbidden', `What a patient withholds may not enter: leave out ${names.join(', ')}`, {
    cause: 'consent',
  })
}
