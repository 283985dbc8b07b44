// HTTP of jobs: asked for, watched, cancelled.
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyPluginAsync } from 'fastify'
import { type Static, Type } from 'typebox'
import { demandContext } from '../contexts.ts'
import { createJob, demandJob, stopJob } from '../jobs.ts'
import type { Asker, PrivacyParts } from '../parts.ts'
import { listJobs } from '../store/job-store.ts'
import { resultsOf } from '../store/vector-store.ts'
import type { PrivateJob } from '../types.ts'
import { guarded } from './guarded.ts'
import { Address, JobBody, JobQuery, NoQuery } from './schemas.ts'
import { ShownJob, showJob } from './shown.ts'

const base = '/api/v1/private'
const attachValidation = true
const lookEveryMs = 150
const programBytes = 4_194_304

const isOpen = ({ state }: PrivateJob): boolean => state === 'queued' || state === 'running'

async function awaitJob(parts: PrivacyParts, asker: Asker, id: string, seconds: number): Promise<PrivateJob> {
  const untilMs = parts.clock.monotonicMs() + seconds * 1000
  let job = await demandJob(parts, asker, id)
  while (isOpen(job) && parts.clock.monotonicMs() < untilMs) {
    await delay(lookEveryMs)
    if (asker.signal?.aborted === true) return job // nobody waits any more
    job = await demandJob(parts, asker, id)
  }
  return job
}

/** The routes; `wake` is called when there is a new job. */
export function jobRoutes(parts: PrivacyParts, wake: () => void): FastifyPluginAsync {
  const showAll = async (jobs: readonly PrivateJob[]) => {
    const results = await resultsOf(
      parts.sql,
      jobs.map(({ id }) => id),
    )
    return jobs.map((job) =>
      showJob(
        job,
        results.filter(({ jobId }) => jobId === job.id),
      ),
    )
  }
  const show = async (job: PrivateJob) => showJob(job, await resultsOf(parts.sql, [job.id]))
  const create = guarded(parts, 'private-compute', async (asker, request, reply) => {
    const { id: contextId } = request.params as Static<typeof Address>
    const { label = 'Computation', inputs, steps, outputs } = request.body as Static<typeof JobBody>
    const job = await createJob(parts, asker, { contextId, label, inputs, program: { steps, outputs } })
    wake()
    reply.code(202).header('location', `${base}/jobs/${job.id}`)
    return showJob(job, [])
  })
  const list = guarded(parts, 'private-compute', async ({ caller }, request) => {
    const context = await demandContext(parts, (request.params as Static<typeof Address>).id)
    const isAll = caller.subject === context.owner || caller.roles.some((role) => role === 'admin' || role === 'system')
    const jobs = await listJobs(parts.sql, context.id, isAll ? undefined : caller.subject)
    return { jobs: await showAll(jobs) }
  })
  const read = guarded(parts, 'private-compute', async (asker, request) => {
    const { wait = 0 } = request.query as Static<typeof JobQuery>
    return show(await awaitJob(parts, asker, (request.params as Static<typeof Address>).id, wait))
  })
  const cancel = guarded(parts, 'private-compute', async (asker, request) =>
    show(await stopJob(parts, asker, (request.params as Static<typeof Address>).id)),
  )
  return async (app) => {
    const address = { params: Address, querystring: NoQuery }
    const created = { params: Address, querystring: NoQuery, body: JobBody, response: { 202: ShownJob } }
    const listed = { ...address, response: { 200: Type.Object({ jobs: Type.Array(ShownJob) }) } }
    const shown = { response: { 200: ShownJob } }
    app.post(`${base}/contexts/:id/jobs`, { attachValidation, bodyLimit: programBytes, schema: created }, create)
    app.get(`${base}/contexts/:id/jobs`, { attachValidation, schema: listed }, list)
    const watched = { params: Address, querystring: JobQuery, ...shown }
    app.get(`${base}/jobs/:id`, { attachValidation, schema: watched }, read)
    app.delete(`${base}/jobs/:id`, { attachValidation, schema: { ...address, ...shown } }, cancel)
  }
}
