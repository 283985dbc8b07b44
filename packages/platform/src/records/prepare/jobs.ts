// The work that may run in a worker thread: data in, data out.
import { AppError } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Answers } from '../bundle/addresses.ts'
import { type Plan, planBundle } from '../bundle/plan.ts'
import { buffersOf } from './columns.ts'
import { type Parsed, parseResource } from './parse-body.ts'
import { prepareRecords } from './prepare-record.ts'
import type { Prepared, PrepareTools } from './types.ts'

/** Where one resource is to be stored; `id` null gives it a new one. */
export interface RecordTarget {
  readonly type: string
  readonly id: string | null
  readonly baseUrl: string
}

/** A resource to prepare. */
export interface RecordJob extends RecordTarget {
  readonly kind: 'record'
  readonly text: string
}

/** A Bundle to plan; `answers` null when its conditions have not been decided. */
export interface BundleJob {
  readonly kind: 'bundle'
  readonly text: string
  readonly baseUrl: string
  readonly maxEntries: number
  readonly types: readonly string[]
  readonly answers: Answers | null
}

/** A job for {@link runJob}. */
export type Job = RecordJob | BundleJob

/** Runs a job. Throws AppError for what the sender of the body did wrong. */
export function runJob(job: Job, tools: PrepareTools): Prepared | Plan {
  if (job.kind === 'record') return prepareParsed(parseResource(job.text), job, tools)
  const { text, baseUrl, maxEntries, answers } = job
  const types = new Set(job.types)
  return planBundle(text, { tools, baseUrl, maxEntries, types, ...(answers === null ? {} : { answers }) })
}

/** Prepares one resource that is to be stored as `type`, with the id of the address or a new one. */
export function prepareOne(resource: Resource, target: RecordTarget, tools: PrepareTools): Prepared {
  return prepareParsed({ value: resource, decimals: [] }, target, tools)
}

function prepareParsed(
  { value: resource, decimals }: Parsed<Resource>,
  target: RecordTarget,
  tools: PrepareTools,
): Prepared {
  if (resource.resourceType !== target.type) {
    const message = `The address takes a ${target.type}, but the body is a ${String(resource.resourceType).slice(0, 64)}`
    throw new AppError('invalid-request', message)
  }
  if (target.id !== null && resource.id !== target.id) {
    throw new AppError('invalid-request', `The body must have the id ${target.id} of the address`)
  }
  const drafts = [{ resource, id: target.id ?? tools.newId() }]
  return prepareRecords(drafts, { tools, baseUrl: target.baseUrl }, decimals)
}

/** The buffers of a result that may be moved instead of copied. */
export function transferOf(result: Prepared | Plan): readonly ArrayBuffer[] {
  if ('columns' in result) return buffersOf(result.columns)
  return result.kind === 'transaction' ? buffersOf(result.prepared.columns) : []
}
