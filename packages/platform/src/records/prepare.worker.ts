// The worker thread's side: parses, validates, indexes and serialises large bodies.
import { indexRows } from '@xinglin/core/fhir/search'
import { validateResource } from '@xinglin/core/fhir/validation'
import { systemClock } from '../kernel/clock.ts'
import { createIds } from '../kernel/ids.ts'
import { serveJobs } from '../kernel/worker-jobs.ts'
import { type Job, type JobResult, runJob, transferOf } from './prepare/jobs.ts'

const ids = createIds(systemClock)
const tools = { validate: validateResource, indexRows, newId: () => ids.uuid() }

serveJobs<Job, JobResult>((job) => {
  const result = runJob(job, tools)
  return { result, transfer: transferOf(result) }
})
