// The worker thread's side: parses, validates, indexes and serialises bodies over 256 kB.
import { indexRows } from '@xinglin/core/fhir/search'
import { validateResource } from '@xinglin/core/fhir/validation'
import { systemClock } from '../kernel/clock.ts'
import { createIds } from '../kernel/ids.ts'
import { serveJobs } from '../kernel/worker-jobs.ts'
import type { Plan } from './bundle/plan.ts'
import { type Job, runJob, transferOf } from './prepare/jobs.ts'
import type { Prepared } from './prepare/types.ts'

const ids = createIds(systemClock)
const tools = { validate: validateResource, indexRows, newId: () => ids.uuid() }

serveJobs<Job, Prepared | Plan>((job) => {
  const result = runJob(job, tools)
  return { result, transfer: transferOf(result) }
})
