// HTTP of explanations: `POST /explain` answers at once or with a job; jobs are shown, and cancelled.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../kernel/caller.ts'
import type { Settings } from '../../kernel/config.ts'
import type { Audit, Ids } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import { type ExplainAnswer, explainAnswer } from './answer.ts'
import type { Explainer, Prepared } from './explainer.ts'
import { explainers, guarded } from './guard.ts'
import type { Runner } from './jobs/runner.ts'
import { cancelJob, insertJob, type Job, readJob, readRows } from './jobs/store.ts'
import type { ExplainRequest } from './plan.ts'
import * as schemas from './schemas.ts'
import type { explainSettings } from './settings.ts'

/** What the routes need. */
export interface ExplainRouteOptions {
  readonly sql: Sql
  readonly audit: Audit
  readonly ids: Ids
  readonly explainer: Explainer
  readonly runner: Runner
  /** Explanations that need more predictions become jobs. */
  readonly settings: Pick<Settings<typeof explainSettings>, 'directEvaluations'>
}

// The article's own service answers under `/explain`, the gateway's APIs lie under `/api/v1`.
const bases = ['/explain', '/api/v1/explain']
const bodyBytes = 4_194_304
const directMs = 60_000
const mostOpenJobs = 20
// The caller is checked before the request, so that a refusal tells nothing about its form.
const attachValidation = true

function jobShown(job: Job, samplesDone: number, result: ExplainAnswer | undefined) {
  const { id, state, done, total, problem, createdAt, endedAt, request } = job
  return {
    ...{ id, state, done, total, problem, samples_done: samplesDone, samples: request.samples.length },
    created_at: createdAt.toISOString(),
    ended_at: endedAt?.toISOString() ?? null,
    ...(result === undefined ? {} : { result }),
  }
}

// Another's job is as if it were not there.
function ownJob(job: Job | undefined, caller: Caller): Job {
  const isAllowed = job !== undefined && (job.owner === caller.subject || caller.roles.includes('admin'))
  if (!isAllowed) throw new AppError('not-found', 'There is no explanation job with this id')
  return job
}

function wantsJob(request: FastifyRequest, { plan }: Prepared, directEvaluations: number): boolean {
  return /\brespond-async\b/.test(String(request.headers.prefer ?? '')) || plan.evaluations > directEvaluations
}

function explainRoute(options: ExplainRouteOptions, base: string) {
  const { sql, audit, ids, explainer, runner, settings } = options
  const use = { action: 'E', interaction: 'explain', roles: explainers } as const
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const run = guarded<ExplainAnswer | ReturnType<typeof jobShown>>(audit, use, async () => {
      const asked = request.body as ExplainRequest // the schema has checked it
      const prepared = await explainer.prepare(asked, request.deadline)
      if (!wantsJob(request, prepared, settings.directEvaluations)) {
        return { body: await explainer.explain(prepared, request.deadline) }
      }
      const id = ids.uuid()
      const owner = request.caller.subject
      const { explained, plan } = prepared
      const job = { id, owner, request: prepared.request, explained, total: plan.evaluations }
      if (!(await insertJob(sql, job, mostOpenJobs))) {
        const why = `${mostOpenJobs} of your explanations are under way; wait for one, or cancel one`
        throw new AppError('too-many-requests', why, { retryAfterSeconds: 10 })
      }
      runner.wake()
      reply.code(202).header('location', `${base}/jobs/${id}`)
      return { body: jobShown(ownJob(await readJob(sql, id), request.caller), 0, undefined) }
    })
    return run(request)
  }
}

function jobRoutes({ sql, audit }: ExplainRouteOptions) {
  const show = guarded(audit, { action: 'R', interaction: 'explain-job', roles: explainers }, async (request) => {
    const { id } = request.params as { readonly id: string }
    const job = ownJob(await readJob(sql, id), request.caller)
    const rows = await readRows(sql, id)
    const results = rows.map((row) => row.result)
    const result = job.state === 'done' ? explainAnswer(job.request, job.explained, results) : undefined
    return { body: jobShown(job, rows.length, result) }
  })
  const cancel = guarded(audit, { action: 'D', interaction: 'explain-job', roles: explainers }, async (request) => {
    const { id } = request.params as { readonly id: string }
    const job = ownJob(await readJob(sql, id), request.caller)
    if (!(await cancelJob(sql, id))) throw new AppError('conflict', `The job has ended already: it is ${job.state}`)
    return {
      body: jobShown(ownJob(await readJob(sql, id), request.caller), (await readRows(sql, id)).length, undefined),
    }
  })
  return { show, cancel }
}

/** The routes. */
export function explainRoutes(options: ExplainRouteOptions): FastifyPluginAsync {
  const { show, cancel } = jobRoutes(options)
  return async (app) => {
    for (const base of bases) {
      const response = { 200: schemas.ExplainResult, 202: schemas.JobShown }
      const explained = {
        ...{ attachValidation, bodyLimit: bodyBytes, handlerTimeout: directMs },
        schema: { body: schemas.ExplainBody, querystring: schemas.NoQuery, response },
      }
      app.post(base, explained, explainRoute(options, base))
      const address = { params: schemas.JobAddress, querystring: schemas.NoQuery, response: { 200: schemas.JobShown } }
      app.get(`${base}/jobs/:id`, { attachValidation, schema: address }, show)
      app.delete(`${base}/jobs/:id`, { attachValidation, schema: address }, cancel)
    }
  }
}
