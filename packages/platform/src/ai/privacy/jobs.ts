// Jobs: planned before they are taken, so that what cannot be computed is refused at once and with the reason.
import { type Program, planProgram } from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import { demandContext, entryFor } from './contexts.ts'
import type { Asker, PrivacyParts } from './parts.ts'
import { demandCohort, demandUse, maySeeJob } from './rules.ts'
import { cancelJob, findJob, holdVectors, insertJob, openJobs, usedVectors } from './store/job-store.ts'
import { findVectors } from './store/vector-store.ts'
import type { PrivateContext, PrivateJob, PrivateVector } from './types.ts'
import { patientsOf } from './vectors.ts'
import { askedAs, demandGiven } from './withheld.ts'

/** A computation as it is asked for. */
export interface NewJob {
  readonly contextId: string
  readonly label: string
  /** Ids of vectors by the name that the program gives them. */
  readonly inputs: Readonly<Record<string, string>>
  readonly program: Program
}

const maxOpenJobs = 20

async function inputsOf(
  parts: PrivacyParts,
  { contextId, inputs }: NewJob,
): Promise<ReadonlyMap<string, PrivateVector>> {
  const found = await findVectors(parts.sql, Object.values(inputs))
  const byId = new Map(found.filter((vector) => vector.contextId === contextId).map((vector) => [vector.id, vector]))
  return new Map(
    Object.entries(inputs).map(([name, id]) => {
      const vector = byId.get(id)
      if (vector !== undefined) return [name, vector] as const
      throw new AppError('unprocessable', `The input "${name}" names no vector of this context`)
    }),
  )
}

function plan({ facts }: PrivateContext, { program }: NewJob, inputs: ReadonlyMap<string, PrivateVector>) {
  const { degree, hasRelinKeys, rotations } = facts
  const machine = { degree, hasRelinKeys, rotations, primes: facts.primes.map(BigInt) }
  const vectors = [...inputs].map(([name, { size, primesLeft, scale }]) => ({ name, size, primesLeft, scale }))
  return planProgram(machine, vectors, program)
}

/**
 * Takes a job.
 * @throws AppError 'unprocessable' naming the step that is not possible; 'business-rule' for what a cohort may not be asked;
 * 'forbidden' for what a patient withholds; 'conflict' when contributions of a cohort went into another total; 'too-many-requests' with too many open jobs
 */
export async function createJob(parts: PrivacyParts, asker: Asker, given: NewJob): Promise<PrivateJob> {
  const { sql, audit, ids, clock } = parts
  const context = await demandContext(parts, given.contextId)
  const inputs = await inputsOf(parts, given)
  const senders = new Map([...inputs].map(([name, { owner }]) => [name, owner]))
  demandUse(given.program, [...inputs.keys()])
  demandCohort(context, given.program, senders)
  await demandGiven(parts, asker.caller, context, [...inputs])
  const { instructions, approximations } = plan(context, given, inputs)
  const owner = asker.caller.subject
  const job: PrivateJob = {
    ...{ id: ids.uuid(), contextId: context.id, owner, label: given.label, inputs: given.inputs },
    ...{
      program: given.program,
      askedAs: askedAs(asker.caller),
      state: 'queued',
      done: 0,
      total: instructions.length,
      attempts: 0,
    },
    ...{ contributors: new Set(senders.values()).size, approximations, errorCode: undefined, error: undefined },
    ...{ createdAt: clock.now(), startedAt: undefined, finishedAt: undefined },
  }
  await sql.transaction(async (tx) => {
    if ((await openJobs(tx, owner)) >= maxOpenJobs) {
      throw new AppError('too-many-requests', `You have ${maxOpenJobs} open jobs; wait for one of them`, {
        retryAfterSeconds: 5,
      })
    }
    if (context.minContributors > 1) {
      await holdVectors(tx, Object.values(given.inputs))
      if ((await usedVectors(tx, Object.values(given.inputs))).length > 0) {
        throw new AppError(
          'conflict',
          'A contribution of this cohort went into another total; two totals would tell what one sender added',
        )
      }
    }
    await insertJob(tx, job)
    const entities = [`PrivateJob/${job.id}`, ...[...inputs.values()].map(({ id }) => `PrivateVector/${id}`)]
    const what = { action: 'E', interaction: 'private-compute', entities: entities.slice(0, 100), status: 202 } as const
    await audit.append(tx, [entryFor(asker, { ...what, patients: patientsOf([...inputs.values()]) })])
  })
  return job
}

/** A job that the caller may know of. @throws AppError 'not-found' */
export async function demandJob(parts: PrivacyParts, { caller }: Asker, id: string): Promise<PrivateJob> {
  const job = await findJob(parts.sql, id)
  const context = job === undefined ? undefined : await demandContext(parts, job.contextId)
  if (job !== undefined && context !== undefined && maySeeJob(caller, job, context)) return job
  throw new AppError('not-found', 'There is no encrypted computation with this id')
}

/** Cancels a job that is not finished. @throws AppError 'conflict' when it is */
export async function stopJob(parts: PrivacyParts, asker: Asker, id: string): Promise<PrivateJob> {
  const { sql, audit } = parts
  await demandJob(parts, asker, id)
  return sql.transaction(async (tx) => {
    const stopped = await cancelJob(tx, id)
    if (stopped === undefined) throw new AppError('conflict', 'The computation is finished already')
    const what = { action: 'D', interaction: 'private-compute', entities: [`PrivateJob/${id}`], status: 200 } as const
    await audit.append(tx, [entryFor(asker, what)])
    return stopped
  })
}
